package engine

import (
	"context"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
)

// A pointsService answers the Points calls.
type pointsService struct {
	pb.UnimplementedPointsServer
	engine *Engine
}

func (s *pointsService) Upsert(_ context.Context, req *pb.UpsertPoints) (*pb.PointsOperationResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err == nil {
		err = checkShards(req.GetShardKeySelector())
	}
	if err == nil {
		err = c.upsert(req)
	}
	return c.done(req.GetWait(), start, err)
}

func (s *pointsService) Delete(_ context.Context, req *pb.DeletePoints) (*pb.PointsOperationResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err == nil {
		err = checkShards(req.GetShardKeySelector())
	}
	if err == nil {
		err = c.delete(req.GetPoints())
	}
	return c.done(req.GetWait(), start, err)
}

func (s *pointsService) SetPayload(_ context.Context, req *pb.SetPayloadPoints) (*pb.PointsOperationResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err == nil {
		err = checkShards(req.GetShardKeySelector())
	}
	if err == nil {
		err = c.setPayload(req)
	}
	return c.done(req.GetWait(), start, err)
}

func (s *pointsService) CreateFieldIndex(_ context.Context, req *pb.CreateFieldIndexCollection) (*pb.PointsOperationResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err == nil {
		err = c.createFieldIndex(req)
	}
	return c.done(req.GetWait(), start, err)
}

func (s *pointsService) DeleteFieldIndex(_ context.Context, req *pb.DeleteFieldIndexCollection) (*pb.PointsOperationResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err == nil {
		err = c.deleteFieldIndex(req.GetFieldName())
	}
	return c.done(req.GetWait(), start, err)
}

// done makes the reply of a write. Writes are always durable and visible when
// they return; without wait the reply promises less than that.
func (c *collection) done(wait bool, start time.Time, err error) (*pb.PointsOperationResponse, error) {
	if err != nil {
		return nil, storageError(err)
	}
	result := &pb.UpdateResult{OperationId: pb.PtrOf(c.operation.Add(1)), Status: pb.UpdateStatus_Acknowledged}
	if wait {
		result.Status = pb.UpdateStatus_Completed
	}
	return &pb.PointsOperationResponse{Result: result, Time: since(start)}, nil
}

func checkShards(s *pb.ShardKeySelector) error {
	if len(s.GetShardKeys()) > 0 {
		return unimplemented("shard keys")
	}
	return nil
}

func (s *pointsService) Get(_ context.Context, req *pb.GetPoints) (*pb.GetResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err != nil {
		return nil, err
	}
	points, err := c.get(req)
	if err != nil {
		return nil, err
	}
	return &pb.GetResponse{Result: points, Time: since(start)}, nil
}

func (s *pointsService) Scroll(_ context.Context, req *pb.ScrollPoints) (*pb.ScrollResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err != nil {
		return nil, err
	}
	resp, err := c.scroll(req)
	if err != nil {
		return nil, err
	}
	resp.Time = since(start)
	return resp, nil
}

func (s *pointsService) Count(_ context.Context, req *pb.CountPoints) (*pb.CountResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err != nil {
		return nil, err
	}
	f, err := parseFilter(req.GetFilter())
	if err != nil {
		return nil, err
	}
	resp := &pb.CountResponse{Result: &pb.CountResult{}}
	err = c.read(func(v *view) error {
		set, err := v.matching(f)
		if err == nil {
			resp.Result.Count = set.GetCardinality()
		}
		return err
	}, nil)
	if err != nil {
		return nil, err
	}
	resp.Time = since(start)
	return resp, nil
}

func (s *pointsService) Query(_ context.Context, req *pb.QueryPoints) (*pb.QueryResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err != nil {
		return nil, err
	}
	points, err := c.query(req)
	if err != nil {
		return nil, err
	}
	return &pb.QueryResponse{Result: points, Time: since(start)}, nil
}

func (s *pointsService) QueryBatch(_ context.Context, req *pb.QueryBatchPoints) (*pb.QueryBatchResponse, error) {
	start := time.Now()
	c, err := s.engine.collection(req.GetCollectionName())
	if err != nil {
		return nil, err
	}
	resp := &pb.QueryBatchResponse{}
	for _, q := range req.GetQueryPoints() {
		points, err := c.query(q)
		if err != nil {
			return nil, err
		}
		resp.Result = append(resp.Result, &pb.BatchResult{Result: points})
	}
	resp.Time = since(start)
	return resp, nil
}
