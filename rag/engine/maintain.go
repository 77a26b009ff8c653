package engine

import (
	"math/bits"
	"os"
	"path/filepath"
	"slices"
)

// Segments begin as small as one request and are merged behind the writers'
// backs: eight of a size on the heap make one, a few thousand documents on
// the heap make a file, eight files of a size make one, and a file that is
// mostly dead is written anew. Files always hold the oldest slots of a vector,
// the heap the newest.

// mergeSizes say when to merge; tests use small ones.
type mergeSizes struct {
	fanIn     int // segments of a size that make one
	flushDocs int // on the heap that make a file
	heapDocs  int // on the heap that make writers wait
	fileDocs  int // at most, in a file
}

var usualSizes = mergeSizes{fanIn: 8, flushDocs: 2048, heapDocs: 4 * 2048, fileDocs: maxSegmentDocs}

// deadFraction is how many of a file's documents may be dead: one in four.
const deadFraction = 4

// A mergeJob replaces adjacent segments of one sparse vector by one.
type mergeJob struct {
	index  *sparseIndex
	vector int
	parts  []*segment
	toFile bool
}

func tier(s *segment) int { return (bits.Len(uint(len(s.slots))) - 1) / 3 }

// nextJob looks for something to merge. The caller holds c.mu.
func (c *collection) nextJob() (mergeJob, bool) {
	for i, x := range c.sparse {
		if parts, toFile := x.mergeable(c.sizes); parts != nil {
			return mergeJob{x, i, slices.Clone(parts), toFile}, true
		}
	}
	return mergeJob{}, false
}

// mergeable returns adjacent segments worth merging, and whether into a file.
func (x *sparseIndex) mergeable(z mergeSizes) (parts []*segment, toFile bool) {
	files := slices.IndexFunc(x.segments, func(s *segment) bool { return s.file == "" })
	if files < 0 {
		files = len(x.segments)
	}
	if heap := x.segments[files:]; docsIn(heap) >= z.flushDocs {
		return heap[:fitting(heap, z.fileDocs)], true
	}
	if run := lastRun(x.segments[files:]); len(run) >= z.fanIn {
		return run, false
	}
	for i, s := range x.segments[:files] {
		if s.dead > len(s.slots)/deadFraction {
			return x.segments[i : i+1], true
		}
	}
	for at := 0; at < files; {
		end := at + 1
		for end < files && tier(x.segments[end]) == tier(x.segments[at]) {
			end++
		}
		if run := x.segments[at:end]; len(run) >= z.fanIn {
			if n := fitting(run[:z.fanIn], z.fileDocs); n > z.fanIn/2 {
				return run[:n], true
			}
		}
		at = end
	}
	return nil, false
}

func docsIn(segments []*segment) (n int) {
	for _, s := range segments {
		n += len(s.slots)
	}
	return n
}

// fitting returns how many of the first segments fit into one.
func fitting(segments []*segment, limit int) int {
	docs, postings := 0, 0
	for i, s := range segments {
		docs, postings = docs+len(s.slots), postings+len(s.docs)
		if i > 0 && (docs > limit || postings > maxSegmentPosts) {
			return i
		}
	}
	return len(segments)
}

// lastRun returns the segments at the end that are of the last one's tier.
func lastRun(segments []*segment) []*segment {
	i := len(segments)
	for i > 0 && tier(segments[i-1]) == tier(segments[len(segments)-1]) {
		i--
	}
	return segments[i:]
}

// maintain merges until nothing is left to merge. It runs once at a time, see
// startMaintenance.
func (c *collection) maintain() {
	defer c.maintenance.Done()
	for {
		c.mu.Lock()
		job, ok := c.nextJob()
		if !ok || c.closed || c.stuck != nil {
			c.maintaining = false
			c.settled.Broadcast()
			c.mu.Unlock()
			return
		}
		live := slices.Clone(c.live)
		c.mu.Unlock()
		err := c.merge(job, live)
		c.mu.Lock()
		if c.stuck = err; err != nil {
			c.log.Error("merging postings; they stay in memory until the next write", "folder", c.dir, "err", err)
		}
		c.settled.Broadcast()
		c.mu.Unlock()
	}
}

// startMaintenance merges in the background if there is something to merge.
// The caller holds c.mu.
func (c *collection) startMaintenance() {
	if c.maintaining || c.closed {
		return
	}
	if _, ok := c.nextJob(); ok {
		c.stuck = nil
		c.maintaining = true
		c.maintenance.Add(1)
		go c.maintain()
	}
}

// waitForRoom holds a writer back while the heap's share of some vector is
// too large and is being written to files.
func (c *collection) waitForRoom() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.maintaining && c.crowded() {
		c.settled.Wait()
	}
}

func (c *collection) crowded() bool {
	return slices.ContainsFunc(c.sparse, func(x *sparseIndex) bool {
		n := 0
		for _, s := range x.segments {
			if s.file == "" {
				n += len(s.slots)
			}
		}
		return n > c.sizes.heapDocs
	})
}

func (c *collection) merge(job mergeJob, live bitset) error {
	var merged *segment
	err := guardFile(c.dir, func() error { merged = mergeSegments(job.parts, live); return nil })
	if err != nil {
		return err
	}
	var add []segmentEntry
	if merged != nil && job.toFile {
		if merged, err = c.writeSegment(merged, job.vector); err != nil {
			return err
		}
		add = append(add, entryOf(merged, job.vector))
	}
	var drop []string
	for _, s := range job.parts {
		if s.file != "" {
			drop = append(drop, s.file)
		}
	}
	if len(add)+len(drop) > 0 {
		if err := c.listSegments(add, drop); err != nil {
			if len(add) > 0 {
				os.Remove(filepath.Join(c.dir, merged.file))
			}
			return err
		}
	}
	c.mu.Lock()
	job.index.replace(job.parts, merged, c.live)
	c.mu.Unlock()
	for _, file := range drop {
		os.Remove(filepath.Join(c.dir, file)) // a stray goes at the next start
	}
	return nil
}

// replace puts one segment, or none, in the place of adjacent ones.
func (x *sparseIndex) replace(parts []*segment, merged *segment, live bitset) {
	at := slices.Index(x.segments, parts[0])
	next := slices.Clone(x.segments[:at])
	if merged != nil {
		merged.countDead(live)
		next = append(next, merged)
	}
	x.segments = append(next, x.segments[at+len(parts):]...)
}

func (s *segment) countDead(live bitset) {
	s.dead = 0
	for _, slot := range s.slots {
		if !live.has(slot) {
			s.dead++
		}
	}
}

// attach adds a segment from a file, in slot order.
func (x *sparseIndex) attach(s *segment, live bitset) {
	s.countDead(live)
	at, _ := slices.BinarySearchFunc(x.segments, s.slots[0], func(t *segment, slot uint32) int {
		return int(int64(t.slots[0]) - int64(slot))
	})
	x.segments = slices.Insert(x.segments, at, s)
}
