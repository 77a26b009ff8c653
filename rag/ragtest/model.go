package ragtest

import "testing"

func testModelFilters(t *testing.T, s *server) {}
func testModelScores(t *testing.T, s *server)  {}
