package engine

import (
	"context"
	"os"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A collectionsService answers the Collections calls.
type collectionsService struct {
	pb.UnimplementedCollectionsServer
	engine *Engine
}

func (s *collectionsService) Create(_ context.Context, req *pb.CreateCollection) (*pb.CollectionOperationResponse, error) {
	start := time.Now()
	if err := s.engine.createCollection(req); err != nil {
		return nil, storageError(err)
	}
	return &pb.CollectionOperationResponse{Result: true, Time: since(start)}, nil
}

func (e *Engine) createCollection(req *pb.CreateCollection) error {
	name := req.GetCollectionName()
	if err := checkCollectionName("collection_name", name); err != nil {
		return err
	}
	if err := checkCollectionOptions(req); err != nil {
		return err
	}
	if _, err := newSchema(req); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.collections[name] != nil {
		return status.Errorf(codes.AlreadyExists, "Wrong input: Collection `%s` already exists!", name)
	}
	if _, ok := e.aliases[name]; ok {
		return wrongInput("Can't create collection with name %s. Alias with the same name already exists", name)
	}
	folder, err := e.catalog.nextFolder()
	if err != nil {
		return err
	}
	config := proto.Clone(req).(*pb.CreateCollection)
	c, err := createCollection(e.collectionDir(folder), config, e.opts)
	if err != nil {
		os.RemoveAll(e.collectionDir(folder))
		return err
	}
	if err := e.catalog.add(folder, config); err != nil {
		c.close()
		os.RemoveAll(c.dir)
		return err
	}
	e.collections[name] = c
	return nil
}

// checkCollectionOptions refuses what would change results here but is not
// served. Tuning hints (HNSW, optimizers, quantization, replicas) are accepted
// and change nothing: search here is exact.
func checkCollectionOptions(req *pb.CreateCollection) error {
	if req.GetShardingMethod() == pb.ShardingMethod_Custom {
		return unimplemented("custom sharding")
	}
	if req.ShardNumber != nil && req.GetShardNumber() == 0 {
		return validation("shard_number: value 0 invalid, must be 1 or larger")
	}
	if req.GetStrictModeConfig().GetEnabled() {
		return unimplemented("strict mode")
	}
	return nil
}

func (s *collectionsService) Get(_ context.Context, req *pb.GetCollectionInfoRequest) (*pb.GetCollectionInfoResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err != nil {
		return nil, err
	}
	return &pb.GetCollectionInfoResponse{Result: c.info(), Time: since(start)}, nil
}

func (s *collectionsService) List(context.Context, *pb.ListCollectionsRequest) (*pb.ListCollectionsResponse, error) {
	start := time.Now()
	s.engine.mu.RLock()
	defer s.engine.mu.RUnlock()
	resp := &pb.ListCollectionsResponse{}
	for _, name := range sortedKeys(s.engine.collections) {
		resp.Collections = append(resp.Collections, &pb.CollectionDescription{Name: name})
	}
	resp.Time = since(start)
	return resp, nil
}

func (s *collectionsService) CollectionExists(_ context.Context, req *pb.CollectionExistsRequest) (*pb.CollectionExistsResponse, error) {
	start := time.Now()
	_, err := s.engine.collection(req.GetCollectionName())
	if err != nil && status.Code(err) != codes.NotFound {
		return nil, err
	}
	return &pb.CollectionExistsResponse{Result: &pb.CollectionExists{Exists: err == nil}, Time: since(start)}, nil
}

// Delete takes the collection's own name only: an alias deletes nothing, and
// says so with a false result rather than an error.
func (s *collectionsService) Delete(_ context.Context, req *pb.DeleteCollection) (*pb.CollectionOperationResponse, error) {
	start := time.Now()
	name := req.GetCollectionName()
	if err := checkCollectionName("collection_name", name); err != nil {
		return nil, err
	}
	found, err := s.engine.deleteCollection(name)
	if err != nil {
		return nil, storageError(err)
	}
	return &pb.CollectionOperationResponse{Result: found, Time: since(start)}, nil
}

func (e *Engine) deleteCollection(name string) (found bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.collections[name]
	if c == nil {
		return false, nil
	}
	var aliases []string
	for alias, target := range e.aliases {
		if target == name {
			aliases = append(aliases, alias)
		}
	}
	if err := e.catalog.remove(name, aliases); err != nil {
		return false, err
	}
	delete(e.collections, name)
	for _, alias := range aliases {
		delete(e.aliases, alias)
	}
	// From here the collection is gone; a folder left behind is removed at
	// the next start.
	if err := c.close(); err != nil {
		e.log.Warn("closing a deleted collection", "collection", name, "err", err)
	}
	if err := os.RemoveAll(c.dir); err != nil {
		e.log.Warn("removing a deleted collection", "collection", name, "err", err)
	}
	return true, nil
}

// UpdateAliases applies the actions in order under one lock, so that nobody
// sees half of them. As on Qdrant, those before a failing one stay applied.
func (s *collectionsService) UpdateAliases(_ context.Context, req *pb.ChangeAliases) (*pb.CollectionOperationResponse, error) {
	start := time.Now()
	e := s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	next := make(map[string]string, len(e.aliases)+len(req.GetActions()))
	for a, n := range e.aliases {
		next[a] = n
	}
	var failed error
	for _, action := range req.GetActions() {
		if failed = e.applyAlias(next, action); failed != nil {
			break
		}
	}
	if err := e.catalog.setAliases(next); err != nil {
		return nil, storageError(err)
	}
	e.aliases = next
	if failed != nil {
		return nil, failed
	}
	return &pb.CollectionOperationResponse{Result: true, Time: since(start)}, nil
}

func (e *Engine) applyAlias(aliases map[string]string, op *pb.AliasOperations) error {
	switch a := op.GetAction().(type) {
	case *pb.AliasOperations_CreateAlias:
		name, alias := a.CreateAlias.GetCollectionName(), a.CreateAlias.GetAliasName()
		if err := checkCollectionName("alias_name", alias); err != nil {
			return err
		}
		if e.collections[name] == nil {
			return noCollection(name)
		}
		if e.collections[alias] != nil {
			return status.Errorf(codes.AlreadyExists, "Wrong input: Collection `%s` already exists!", alias)
		}
		aliases[alias] = name
	case *pb.AliasOperations_DeleteAlias:
		delete(aliases, a.DeleteAlias.GetAliasName())
	case *pb.AliasOperations_RenameAlias:
		from, to := a.RenameAlias.GetOldAliasName(), a.RenameAlias.GetNewAliasName()
		if err := checkCollectionName("new_alias_name", to); err != nil {
			return err
		}
		name, ok := aliases[from]
		if !ok {
			return notFound("Alias %s does not exists!", from)
		}
		if e.collections[to] != nil {
			return status.Errorf(codes.AlreadyExists, "Wrong input: Collection `%s` already exists!", to)
		}
		delete(aliases, from)
		aliases[to] = name
	default:
		return invalid("Malformed AliasOperation type")
	}
	return nil
}

func (s *collectionsService) ListAliases(context.Context, *pb.ListAliasesRequest) (*pb.ListAliasesResponse, error) {
	start := time.Now()
	return s.aliasesOf("", start), nil
}

func (s *collectionsService) ListCollectionAliases(_ context.Context, req *pb.ListCollectionAliasesRequest) (*pb.ListAliasesResponse, error) {
	start := time.Now()
	if err := checkCollectionName("collection_name", req.GetCollectionName()); err != nil {
		return nil, err
	}
	return s.aliasesOf(req.GetCollectionName(), start), nil
}

// aliasesOf lists the aliases of one collection, or of all for "".
func (s *collectionsService) aliasesOf(name string, start time.Time) *pb.ListAliasesResponse {
	s.engine.mu.RLock()
	defer s.engine.mu.RUnlock()
	resp := &pb.ListAliasesResponse{}
	for _, alias := range sortedKeys(s.engine.aliases) {
		if target := s.engine.aliases[alias]; name == "" || target == name {
			resp.Aliases = append(resp.Aliases, &pb.AliasDescription{AliasName: alias, CollectionName: target})
		}
	}
	resp.Time = since(start)
	return resp
}
