package main

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A disk is the file system that a folder lies on.
type disk struct {
	free, size uint64 // bytes
	nodes      uint64 // files that can still be made; 0 of 0 on those that do not count them
	allNodes   uint64
	kind       diskKind
	name       string // "nfs"
	options    string // that it is mounted with
}

// kinds of file systems by the numbers that statfs gives (man 2 statfs).
var diskKinds = map[int64]struct {
	name string
	kind diskKind
}{
	unix.NFS_SUPER_MAGIC: {"nfs", networked}, unix.SMB_SUPER_MAGIC: {"smb", networked}, 0xff534d42: {"cifs", networked}, 0xfe534d42: {"smb2", networked},
	unix.V9FS_MAGIC: {"9p", networked}, unix.FUSE_SUPER_MAGIC: {"fuse", networked}, unix.AFS_SUPER_MAGIC: {"afs", networked}, unix.CODA_SUPER_MAGIC: {"coda", networked},
	unix.CEPH_SUPER_MAGIC: {"ceph", networked}, 0x0bd00bd0: {"lustre", networked}, 0x01161970: {"gfs2", networked}, unix.OCFS2_SUPER_MAGIC: {"ocfs2", networked},
	unix.TMPFS_MAGIC: {"tmpfs", inRAM}, unix.RAMFS_MAGIC: {"ramfs", inRAM}, unix.OVERLAYFS_SUPER_MAGIC: {"overlay", layered},
}

// diskAt looks at the file system of a folder.
func diskAt(folder string) (disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return disk{}, err
	}
	k := diskKinds[int64(uint32(s.Type))]
	d := disk{free: s.Bavail * uint64(s.Bsize), size: s.Blocks * uint64(s.Bsize), nodes: s.Ffree, allNodes: s.Files, kind: k.kind, name: k.name}
	if k.kind == networked {
		d.name, d.options = mountOf(folder, d.name)
	}
	return d, nil
}

// mountOf returns the kind and the options of the mount that a folder is in.
func mountOf(folder, kind string) (name, options string) {
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return kind, ""
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return kind, ""
	}
	defer f.Close()
	best := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
		before, after, ok := strings.Cut(lines.Text(), " - ")
		b, a := strings.Fields(before), strings.Fields(after)
		if !ok || len(b) < 6 || len(a) < 3 {
			continue
		}
		point := strings.ReplaceAll(b[4], `\040`, " ")
		if len(point) >= len(best) && (point == "/" || folder == point || strings.HasPrefix(folder, point+"/")) {
			best, name, options = point, a[0], a[2]
		}
	}
	return name, options
}

// ownerOf returns the user that a file belongs to; -1 if that is not known.
func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// openFileLimit returns how many files this program may have open.
func openFileLimit() uint64 {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return l.Max // to which Go raises it
}

// mayWrite reports why this program could not write into a folder.
func mayWrite(folder string) error { return unix.Access(folder, unix.W_OK|unix.X_OK) }
