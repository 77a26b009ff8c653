package fit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// A Machine is what models may use, in bytes.
type Machine struct {
	Memory  int64 // 0 if it is not known
	Limit   int64 // that a control group sets on this program, below Memory; 0 if none does
	Free    int64 // of Memory, now
	GPU     int64 // on all GPUs together; 0 without any
	GPUName string
}

// What is left to others: the system and Tilgate itself in memory, the driver
// on a GPU.
const (
	reserve    = 3 << 29 // 1.5 GiB
	gpuReserve = 512 << 20
)

// Room is how much memory models can have.
func (m Machine) Room() int64 {
	all := m.Memory
	if m.Limit > 0 {
		all = min(all, m.Limit)
	}
	return max(0, all-reserve)
}

// A Place says where a model goes.
type Place int

// The places. Unknown is one of a machine that does not tell its memory.
const (
	No Place = iota
	InMemory
	InPart // on a GPU, the rest in memory
	OnGPU
	Unknown
)

// Holds says where a model would go.
func (m Machine) Holds(model Model) Place {
	gpu := max(0, m.GPU-gpuReserve)
	switch need := model.Need(); {
	case gpu >= need:
		return OnGPU
	case m.Memory == 0:
		return Unknown
	case m.Room()+gpu < need:
		return No
	case gpu > 0:
		return InPart
	}
	return InMemory
}

// quickWeights is how large a model may be that does not lie on a GPU. Each token
// reads all weights, and the memory of a processor gives 20 to 50 GB a second:
// beyond this an answer takes minutes.
const quickWeights = 6e9

// Suits reports whether a model fits and is quick enough to be waited for.
func (m Machine) Suits(model Model) bool {
	place := m.Holds(model)
	return place == OnGPU || place != No && model.Weights <= quickWeights
}

func (p Place) String() string {
	return [...]string{"does not fit", "fits into memory, and answers at the speed of the processor", "fits in part on the GPU; the rest is slow", "fits on the GPU", "memory unknown"}[p]
}

func (m Machine) String() string {
	var parts []string
	switch {
	case m.Memory == 0:
		parts = append(parts, "memory unknown")
	case m.Limit > 0:
		parts = append(parts, fmt.Sprintf("%s of memory, of which a control group allows %s", Size(m.Memory), Size(m.Limit)))
	default:
		parts = append(parts, Size(m.Memory)+" of memory")
	}
	if m.GPU > 0 {
		parts = append(parts, fmt.Sprintf("%s on %s", Size(m.GPU), m.GPUName))
	} else {
		parts = append(parts, "no GPU of Nvidia's")
	}
	return strings.Join(parts, ", ")
}

// ReadMachine reads what Linux says under root, the file system from "/" on.
// Where it says nothing, as on other systems, the memory stays unknown.
func ReadMachine(root fs.FS) Machine {
	var m Machine
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return m
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil || kb < 0 || kb > 1<<40 {
			continue
		}
		switch name {
		case "MemTotal":
			m.Memory = kb << 10
		case "MemAvailable":
			m.Free = kb << 10
		}
	}
	if limit := readLimit(root); limit > 0 && limit < m.Memory {
		m.Limit = limit
	}
	return m
}

// readLimit returns the least memory that a control group above this process
// allows; 0 if none does. A container may see its own group as the root.
func readLimit(root fs.FS) (least int64) {
	text, _ := fs.ReadFile(root, "proc/self/cgroup")
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.SplitN(lines.Text(), ":", 3)
		if len(fields) < 3 {
			continue
		}
		folder, file := "sys/fs/cgroup", "memory.max"
		if fields[1] != "" {
			if fields[1] != "memory" {
				continue
			}
			folder, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
			text, err := fs.ReadFile(root, path.Join(folder, group, file))
			n, wrong := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			if err == nil && wrong == nil && n > 0 && (least == 0 || n < least) {
				least = n
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}

// QueryGPUs is the command line whose output AddGPUs reads.
var QueryGPUs = []string{"nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"}

// AddGPUs adds the GPUs that nvidia-smi lists: a name and MiB a line.
func (m *Machine) AddGPUs(listed string) error {
	var names []string
	var sum int64
	for lines := bufio.NewScanner(strings.NewReader(listed)); lines.Scan(); {
		i := strings.LastIndex(lines.Text(), ",")
		if i < 0 {
			return errors.New("nvidia-smi answers in a form that is not known here")
		}
		mib, err := strconv.ParseInt(strings.TrimSpace(lines.Text()[i+1:]), 10, 64)
		if err != nil || mib < 0 || mib > 1<<30 {
			continue // memory that is shared with the processor is "[N/A]"
		}
		names = append(names, strings.TrimSpace(lines.Text()[:i]))
		sum += mib << 20
	}
	if len(names) == 0 {
		return nil
	}
	m.GPU += sum
	m.GPUName = names[0]
	if len(names) > 1 {
		m.GPUName = fmt.Sprintf("%d GPUs (%s)", len(names), names[0])
	}
	return nil
}
