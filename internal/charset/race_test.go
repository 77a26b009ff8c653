//go:build race

package charset

// shareMeasured is 1 of how many texts accuracy is measured on: the race
// detector makes the same work eight times as long, and finds nothing in it.
const shareMeasured = 4
