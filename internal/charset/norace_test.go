//go:build !race

package charset

// shareMeasured is 1 of how many texts accuracy is measured on.
const shareMeasured = 1
