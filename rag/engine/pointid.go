package engine

import (
	"encoding/binary"
	"strconv"

	pb "github.com/qdrant/go-client/qdrant"

	"github.com/google/uuid"
)

// A pointID is what callers name a point by: a number or a UUID. Numbers sort
// before UUIDs.
type pointID struct {
	uuid   bool
	hi, lo uint64 // a number is lo alone
}

func numID(n uint64) pointID { return pointID{lo: n} }

func parsePointID(id *pb.PointId) (pointID, error) {
	switch v := id.GetPointIdOptions().(type) {
	case *pb.PointId_Num:
		return numID(v.Num), nil
	case *pb.PointId_Uuid:
		u, err := uuid.Parse(v.Uuid)
		if err != nil {
			return pointID{}, invalid("Unable to parse UUID: %s", v.Uuid)
		}
		return pointID{uuid: true, hi: binary.BigEndian.Uint64(u[:8]), lo: binary.BigEndian.Uint64(u[8:])}, nil
	}
	return pointID{}, invalid("No ID options provided")
}

func parsePointIDs(ids []*pb.PointId) ([]pointID, error) {
	out := make([]pointID, 0, len(ids))
	for _, id := range ids {
		p, err := parsePointID(id)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (p pointID) proto() *pb.PointId {
	if !p.uuid {
		return pb.NewIDNum(p.lo)
	}
	return pb.NewIDUUID(p.String())
}

func (p pointID) String() string {
	if !p.uuid {
		return strconv.FormatUint(p.lo, 10)
	}
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], p.hi)
	binary.BigEndian.PutUint64(u[8:], p.lo)
	return u.String()
}

func (p pointID) compare(q pointID) int {
	switch {
	case p == q:
		return 0
	case p.uuid != q.uuid:
		return boolOrder(q.uuid)
	case p.hi != q.hi:
		return boolOrder(p.hi < q.hi)
	}
	return boolOrder(p.lo < q.lo)
}

func boolOrder(less bool) int {
	if less {
		return -1
	}
	return 1
}

// appendKey appends the id as it is stored: 9 bytes for a number, 17 for a
// UUID, in the order of compare.
func (p pointID) appendKey(b []byte) []byte {
	if !p.uuid {
		return binary.BigEndian.AppendUint64(append(b, 0), p.lo)
	}
	b = binary.BigEndian.AppendUint64(append(b, 1), p.hi)
	return binary.BigEndian.AppendUint64(b, p.lo)
}

// cutPointID reverses appendKey at the beginning of b; ok is false for
// anything it did not write.
func cutPointID(b []byte) (p pointID, rest []byte, ok bool) {
	switch {
	case len(b) >= 9 && b[0] == 0:
		return numID(binary.BigEndian.Uint64(b[1:])), b[9:], true
	case len(b) >= 17 && b[0] == 1:
		return pointID{true, binary.BigEndian.Uint64(b[1:]), binary.BigEndian.Uint64(b[9:])}, b[17:], true
	}
	return pointID{}, nil, false
}
