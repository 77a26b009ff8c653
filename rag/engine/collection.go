package engine

import (
	"encoding/binary"
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
	config *pb.CreateCollection
	schema *schema
	db     *bolt.DB

	write     sync.Mutex   // one writer at a time
	reading   sync.RWMutex // held, shared, from the first look at memory to the last at rows
	operation atomic.Uint64

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
}

func openCollection(dir string, config *pb.CreateCollection, log *slog.Logger) (*collection, error) {
	s, err := newSchema(config)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	c := &collection{dir: dir, log: log, config: config, schema: s,
		ids: map[pointID]uint32{}, alive: roaring.New(), fields: map[string]*fieldIndex{}}
	for _, spec := range s.sparse {
		c.sparse = append(c.sparse, newSparseIndex(spec))
	}
	for _, spec := range s.dense {
		c.dense = append(c.dense, newDenseIndex(spec))
	}
	path := filepath.Join(dir, "points.db")
	c.db, err = openDB(path, bucketMeta, bucketSlots, bucketPayloads, bucketVectors, bucketDead, bucketFields, bucketSegments)
	if err != nil {
		return nil, err
	}
	if err := guardFile(path, c.load); err != nil {
		c.db.Close()
		return nil, err
	}
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

// load fills the memory from the database.
func (c *collection) load() error {
	return c.db.View(func(tx *bolt.Tx) error {
		if err := c.loadSlots(tx); err != nil {
			return err
		}
		if err := c.loadVectors(tx); err != nil {
			return err
		}
		return c.loadFields(tx)
	})
}

func (c *collection) loadSlots(tx *bolt.Tx) error {
	b := tx.Bucket(bucketSlots)
	c.next = uint32(b.Sequence())
	c.slots = make([]pointID, c.next)
	err := b.ForEach(func(k, v []byte) error {
		slot, err := keySlot(k)
		if err != nil {
			return err
		}
		id, ok := pointIDFromKey(v)
		if !ok || slot >= c.next {
			return errBadRow
		}
		c.slots[slot] = id
		c.ids[id] = slot
		c.order.add(id)
		c.live.add(slot)
		c.alive.Add(slot)
		return nil
	})
	if err != nil {
		return err
	}
	if len(c.ids) != int(c.alive.GetCardinality()) {
		return fmt.Errorf("a point is stored twice")
	}
	return tx.Bucket(bucketDead).ForEach(func(k, _ []byte) error {
		slot, err := keySlot(k)
		c.dead = append(c.dead, slot)
		return err
	})
}

// loadVectors replays the vectors of all living slots, in order, a batch at a
// time.
func (c *collection) loadVectors(tx *bolt.Tx) error {
	rows := tx.Bucket(bucketVectors)
	var batch []point
	for it := c.alive.Iterator(); it.HasNext(); {
		slot := it.Next()
		row := rows.Get(slotKey(slot))
		if row == nil {
			return fmt.Errorf("the vectors of a point are missing")
		}
		v, err := decodeVectors(c.schema, row)
		if err != nil {
			return err
		}
		if batch = append(batch, point{slot: slot, vectors: v}); len(batch) == 1024 {
			c.addVectors(batch, c.buildSparse(batch))
			batch = batch[:0]
		}
	}
	c.addVectors(batch, c.buildSparse(batch))
	return nil
}

func (c *collection) close() error {
	c.write.Lock()
	defer c.write.Unlock()
	c.reading.Lock() // waits for readers
	defer c.reading.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.db.Close()
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
		OptimizerStatus: &pb.OptimizerStatus{Ok: true},
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
