package ragtest

import (
	"strings"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
)

func testHealth(t *testing.T, s *server) {
	got, err := s.HealthCheck(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !pb.IsCompatible("v1.17.1", got.GetVersion()) {
		t.Errorf("version %q is too far from the client's", got.GetVersion())
	}
}

func testCollections(t *testing.T, s *server) {
	name := s.words(t)
	if ok, err := s.CollectionExists(t.Context(), name); !ok || err != nil {
		t.Errorf("CollectionExists = %v, %v, want true", ok, err)
	}
	list, err := s.ListCollections(t.Context())
	if err != nil || !strings.Contains(strings.Join(list, " "), name) {
		t.Errorf("ListCollections = %v, %v, want %s among them", list, err, name)
	}
	info, err := s.GetCollectionInfo(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.GetConfig().GetParams().GetSparseVectorsConfig().GetMap()["lex"].GetModifier(); got != pb.Modifier_Idf {
		t.Errorf("modifier of lex is %v, want Idf", got)
	}
	if err := s.DeleteCollection(t.Context(), name); err != nil {
		t.Error(err)
	}
	if ok, err := s.CollectionExists(t.Context(), name); ok || err != nil {
		t.Errorf("CollectionExists after delete = %v, %v, want false", ok, err)
	}
	if err := s.DeleteCollection(t.Context(), name); err == nil {
		t.Error("deleting a missing collection: no error, want the client's own")
	}
}

func testCollectionErrors(t *testing.T, s *server) {
	name := s.words(t)
	dense := func(size uint64) *pb.VectorsConfig {
		return pb.NewVectorsConfig(&pb.VectorParams{Size: size, Distance: pb.Distance_Dot})
	}
	for _, tt := range []struct {
		what string
		req  *pb.CreateCollection
		code codes.Code
		part string
	}{
		{"the same name", &pb.CreateCollection{CollectionName: name, VectorsConfig: dense(4)}, codes.AlreadyExists, "already exists!"},
		{"no name", &pb.CreateCollection{VectorsConfig: dense(4)}, codes.InvalidArgument, ""},
		{"a slash in the name", &pb.CreateCollection{CollectionName: "a/b", VectorsConfig: dense(4)}, codes.InvalidArgument, ""},
		{"a long name", &pb.CreateCollection{CollectionName: strings.Repeat("x", 256), VectorsConfig: dense(4)}, codes.InvalidArgument, ""},
		{"size 0", &pb.CreateCollection{CollectionName: "ragtest_size", VectorsConfig: dense(0)}, codes.InvalidArgument, ""},
		{"size 65537", &pb.CreateCollection{CollectionName: "ragtest_size", VectorsConfig: dense(65537)}, codes.InvalidArgument, ""},
	} {
		wantCode(t, tt.what, s.CreateCollection(t.Context(), tt.req), tt.code, tt.part)
	}
	_, err := s.GetCollectionInfo(t.Context(), "ragtest_missing")
	wantCode(t, "info of a missing collection", err, codes.NotFound, "Collection `ragtest_missing` doesn't exist!")
	_, err = s.Count(t.Context(), &pb.CountPoints{CollectionName: "ragtest_missing"})
	wantCode(t, "count in a missing collection", err, codes.NotFound, "doesn't exist!")
	_, err = s.Query(t.Context(), &pb.QueryPoints{CollectionName: "ragtest_missing"})
	wantCode(t, "query in a missing collection", err, codes.NotFound, "doesn't exist!")
}

func testAliases(t *testing.T, s *server) {
	old, next := s.words(t), s.words(t)
	s.upsert(t, old, point(1, nil, nil))
	s.upsert(t, next, point(1, nil, nil), point(2, nil, nil))
	alias := old + "_alias"
	count := func() uint64 {
		t.Helper()
		n, err := s.Count(t.Context(), &pb.CountPoints{CollectionName: alias})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.CreateAlias(t.Context(), alias, old))
	if n := count(); n != 1 {
		t.Errorf("the alias counts %d points, want 1", n)
	}
	check(s.CreateAlias(t.Context(), alias, next)) // overwrites: this is how versions switch
	if n := count(); n != 2 {
		t.Errorf("the alias switched counts %d points, want 2", n)
	}
	if ok, err := s.CollectionExists(t.Context(), alias); !ok || err != nil {
		t.Errorf("CollectionExists of an alias = %v, %v, want true", ok, err)
	}
	got, err := s.ListCollectionAliases(t.Context(), next)
	if err != nil || len(got) != 1 || got[0] != alias {
		t.Errorf("ListCollectionAliases = %v, %v, want [%s]", got, err, alias)
	}
	wantCode(t, "an alias of an alias", s.CreateAlias(t.Context(), alias+"2", alias), codes.NotFound, "doesn't exist!")
	wantCode(t, "renaming an unknown alias", s.RenameAlias(t.Context(), alias+"9", alias+"8"), codes.NotFound, "")
	check(s.DeleteAlias(t.Context(), alias+"9")) // unknown: no error
	check(s.RenameAlias(t.Context(), alias, alias+"3"))
	if s.DeleteCollection(t.Context(), alias+"3") == nil {
		t.Error("deleting by alias: no error, want the client's own")
	}
	check(s.DeleteCollection(t.Context(), next))
	if ok, err := s.CollectionExists(t.Context(), alias+"3"); ok || err != nil {
		t.Errorf("the alias of a deleted collection exists: %v, %v", ok, err)
	}
}
