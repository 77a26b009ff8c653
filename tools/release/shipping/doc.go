// Package shipping holds tests of what a release is shipped with: the compose
// file and the configuration of GoReleaser are read by the code of those tools
// themselves, and two builds of the program are compared.
package shipping
