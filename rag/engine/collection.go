package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
)

// The buckets of points.db. Keys are slots, big-endian, but for fields.
var (
	bucketSlots    = []byte("slots")    // living slots to point ids; its sequence is the next slot
	bucketPayloads = []byte("payloads") // rows
	bucketVectors  = []byte("vectors")  // rows
	bucketDead     = []byte("dead")     // slots that died and still have rows
	bucketFields   = []byte("fields")   // payload indexes: path to the request that made it
	bucketSegments = []byte("segments") // posting segments: file name to vector and slots
)

// A collection is one collection's folder, and in memory what searches need.
//
// A writer commits to the database first and then changes the memory, so a
// reader that takes the memory's lock before it begins a database transaction
// finds the rows of every slot it knows: rows of slots that died are removed
// later, when nobody reads.
type collection struct {
	dir    string
	log    *slog.Logger
	sizes  mergeSizes
	config *pb.CreateCollection
	schema *schema
	db     *bolt.DB

	write     sync.Mutex   // one writer at a time
	reading   sync.RWMutex // held, shared, from the first look at memory to the last at rows
	operation atomic.Uint64
	fileSeq   atomic.Uint64 // of the last segment file

	orderMu sync.Mutex // of order alone: readers settle it
	order   idOrder

	mu     sync.RWMutex // all below; a writer holds write as well
	closed bool
	next   uint32 // the next slot
	ids    map[pointID]uint32
	slots  []pointID // by slot, dead ones too
	live   bitset
	alive  *roaring.Bitmap // live, for set algebra
	dead   []uint32        // slots that died and still have rows
	sparse []*sparseIndex
	dense  []*denseIndex
	fields map[string]*fieldIndex
	lost   []segmentEntry // while loading: segments whose file is missing

	maintenance sync.WaitGroup // see maintain.go
	settled     *sync.Cond     // on mu: maintenance got a step further
	maintaining bool
	stuck       error // why merging stopped; the next write tries again
}

// createCollection makes the folder of a new collection, durably.
func createCollection(dir string, config *pb.CreateCollection, opts Options) (*collection, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, pointsFile)
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		return nil, err
	} else if err := f.Close(); err != nil {
		return nil, err
	}
	c, err := openCollection(dir, config, opts)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(syncDir(dir), syncDir(filepath.Dir(dir))); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

const pointsFile = "points.db"

func openCollection(dir string, config *pb.CreateCollection, opts Options) (*collection, error) {
	s, err := newSchema(config)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, pointsFile)
	if _, err := os.Stat(path); err != nil {
		return nil, damaged(path, err)
	}
	c := &collection{dir: dir, log: opts.Log, sizes: opts.sizes, config: config, schema: s,
		ids: map[pointID]uint32{}, alive: roaring.New(), fields: map[string]*fieldIndex{}}
	c.settled = sync.NewCond(&c.mu)
	for _, spec := range s.sparse {
		c.sparse = append(c.sparse, newSparseIndex(spec))
	}
	for _, spec := range s.dense {
		c.dense = append(c.dense, newDenseIndex(spec))
	}
	c.db, err = openDB(path, bucketMeta, bucketSlots, bucketPayloads, bucketVectors, bucketDead, bucketFields, bucketSegments)
	if err != nil {
		return nil, err
	}
	if err := guardFile(path, c.load); err != nil {
		c.db.Close()
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startMaintenance()
	return c, nil
}

func slotKey(slot uint32) []byte {
	return binary.BigEndian.AppendUint32(nil, slot)
}

func keySlot(k []byte) (uint32, error) {
	if len(k) != 4 {
		return 0, fmt.Errorf("a slot key has %d bytes", len(k))
	}
	return binary.BigEndian.Uint32(k), nil
}

func (c *collection) close() error {
	c.write.Lock()
	defer c.write.Unlock()
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.mu.Unlock()
	if closed {
		return nil
	}
	c.maintenance.Wait()
	c.reading.Lock() // waits for readers
	defer c.reading.Unlock()
	return c.db.Close()
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// info describes the collection as Qdrant does; indexes are always up to date
// here, so its status is always green.
func (c *collection) info() *pb.CollectionInfo {
	c.mu.RLock()
	defer c.mu.RUnlock()
	vectors, segments := uint64(0), uint64(1)
	for _, x := range c.sparse {
		vectors += x.holders.GetCardinality()
		segments += uint64(len(x.segments))
	}
	for _, x := range c.dense {
		vectors += x.holders.GetCardinality()
	}
	shards := uint32(1)
	schema := map[string]*pb.PayloadSchemaInfo{}
	for key, f := range c.fields {
		schema[key] = f.info()
	}
	return &pb.CollectionInfo{
		Status:          pb.CollectionStatus_Green,
		OptimizerStatus: &pb.OptimizerStatus{Ok: c.stuck == nil, Error: errorText(c.stuck)},
		SegmentsCount:   segments,
		Config: &pb.CollectionConfig{
			Params: &pb.CollectionParams{
				ShardNumber:         shards,
				OnDiskPayload:       c.config.GetOnDiskPayload(),
				VectorsConfig:       c.config.GetVectorsConfig(),
				SparseVectorsConfig: c.config.GetSparseVectorsConfig(),
				ReplicationFactor:   &shards,
			},
			HnswConfig:         c.config.GetHnswConfig(),
			OptimizerConfig:    c.config.GetOptimizersConfig(),
			QuantizationConfig: c.config.GetQuantizationConfig(),
			Metadata:           c.config.GetMetadata(),
		},
		PayloadSchema:       schema,
		PointsCount:         pb.PtrOf(c.alive.GetCardinality()),
		IndexedVectorsCount: pb.PtrOf(vectors),
	}
}
