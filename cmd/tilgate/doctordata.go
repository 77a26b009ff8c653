package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tilgate/internal/fit"
)

// A diskKind says what can be wrong with a file system.
type diskKind int

const (
	local     diskKind = iota
	networked          // others can have it mounted too
	inRAM              // gone after a restart
	layered            // gone with its container
)

// checkData tells who can write into the data folder, and whose its files are.
func checkData(d *patient) (list []finding) {
	if d.c.Data == "" {
		return nil
	}
	info, err := os.Stat(d.c.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []finding{warn("it is made when Tilgate serves; if it should be there, look at data in the configuration, and at the disk", "%s is not there", d.c.Data)}
	case err != nil:
		return []finding{fail("run doctor as root, or as the user of the service", "%v", err)}
	case !info.IsDir():
		return []finding{fail("name a folder with data in the configuration", "%s is a file", d.c.Data)}
	}
	owner := ownerOf(info)
	if owner == os.Geteuid() || os.Geteuid() != 0 {
		if err := mayWrite(d.c.Data); err != nil {
			return []finding{fail("give it to the user of the service: chown -R tilgate: "+d.c.Data+"; or run doctor as that user", "%s cannot be written: %v", d.c.Data, err)}
		}
	} else if info.Mode().Perm()&0o200 == 0 {
		return []finding{fail("chmod u+w "+d.c.Data, "%s cannot be written by its owner", d.c.Data)}
	}
	if info.Mode().Perm()&0o002 != 0 {
		list = append(list, fail("chmod o-w "+d.c.Data, "everybody can write into %s", d.c.Data))
	}
	if path, other := strange(d.c.Data, owner); path != "" {
		list = append(list, fail(fmt.Sprintf("chown -R %s: %s; run commands with sudo -u %[1]s", userOf(owner), d.c.Data), "%s belongs to %s, and the folder to %s", path, userOf(other), userOf(owner)))
	}
	if list == nil {
		list = append(list, oks("%s, of %s", d.c.Data, userOf(owner)))
	}
	return list
}

// mostFiles is how many files of a folder are looked at.
const mostFiles = 50_000

// files calls look for what lies in a folder, until it returns false.
func files(folder string, look func(path string, info fs.FileInfo) bool) {
	n := 0
	_ = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if n++; err != nil || n > mostFiles {
			return nil // it is gone again, or not for us to see
		}
		if info, err := e.Info(); err == nil && !look(path, info) {
			return fs.SkipAll
		}
		return nil
	})
}

// strange returns a file that belongs to another than the folder.
func strange(folder string, owner int) (found string, other int) {
	files(folder, func(path string, info fs.FileInfo) bool {
		if o := ownerOf(info); o != owner {
			found, other = path, o
		}
		return found == ""
	})
	return found, other
}

func userOf(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username
	}
	return "user " + strconv.Itoa(id)
}

// Room on a disk below which a service is told of, and stops to work.
const (
	littleRoom = 2 << 30
	noRoom     = 200 << 20
	fewNodes   = 1000
)

// checkDisk tells how much room there is.
func checkDisk(d *patient) (list []finding) {
	for _, folder := range []string{d.c.Data, d.c.Audit.Folder} {
		if folder == "" {
			continue
		}
		k, err := d.disk(above(folder))
		switch do := "make room, or move the folder to a larger disk"; {
		case errors.Is(err, errors.ErrUnsupported):
			return nil
		case err != nil:
			list = append(list, fail("look at the disk", "%s: %v", folder, err))
		case k.free < noRoom:
			list = append(list, fail(do, "%s has only %s free", folder, fit.Size(int64(k.free))))
		case k.allNodes > 0 && k.nodes < fewNodes:
			list = append(list, fail("remove files, or move the folder", "the disk of %s has room for only %d more files", folder, k.nodes))
		case k.free < littleRoom:
			list = append(list, warn(do, "%s has only %s free", folder, fit.Size(int64(k.free))))
		default:
			list = append(list, oks("%s of %s free for %s", fit.Size(int64(k.free)), fit.Size(int64(k.size)), folder))
		}
	}
	return list
}

// above returns a folder, or the one above it that is there.
func above(folder string) string {
	for !exists(folder) && filepath.Dir(folder) != folder {
		folder = filepath.Dir(folder)
	}
	return folder
}

// checkFileSystem tells of folders that other machines may have too, and of
// those that do not last.
//
// The data folder is locked with flock. Over NFS that reaches other machines,
// unless the mount says nolock or local_lock; over SMB, 9p and FUSE it depends.
// Its files are read through shared memory, which no network file system keeps
// the same on two machines.
func checkFileSystem(d *patient) []finding {
	if d.c.Data == "" || d.c.Qdrant.Address != "" && d.c.Ledger.Address != "" {
		return nil
	}
	k, err := d.disk(above(d.c.Data))
	switch {
	case err != nil:
		return nil // which is said under disk
	case k.kind == networked && locksHere(k.options):
		return []finding{fail("mount it without nolock and local_lock, or put data on a local disk", "%s is on %s whose locks do not reach other machines: two of them would destroy each other's data", d.c.Data, k.name)}
	case k.kind == networked:
		return []finding{warn("put data on a local disk; for several machines use a Qdrant server and [ledger] address", "%s is on %s: only one machine may serve from it", d.c.Data, k.name)}
	case k.kind == inRAM:
		return []finding{warn("put data on a disk", "%s is in memory (%s) and gone after a restart", d.c.Data, k.name)}
	case k.kind == layered:
		return []finding{warn("mount a volume there", "%s lies in a container and goes with it", d.c.Data)}
	}
	return []finding{oks("a local disk")}
}

func locksHere(options string) bool {
	for _, o := range strings.Split(options, ",") {
		if o == "nolock" || o == "nobrl" || strings.HasPrefix(o, "local_lock=") && o != "local_lock=none" && o != "local_lock=posix" {
			return true
		}
	}
	return false
}

// checkInUse tells who serves from the data folder.
func checkInUse(d *patient) []finding {
	if d.c.Data == "" {
		return nil
	}
	if other := otherMachine(d.ctx, d.c.Data, d.watch); other != "" {
		return []finding{fail("stop one of them; two machines cannot serve from one folder", "%s serves from %s", other, d.c.Data)}
	}
	if pid := holderOf(d.c.Data); pid != 0 {
		return []finding{oks("process %d has %s open: %s", pid, d.c.Data, commandOf(d.root, pid))}
	}
	return []finding{oks("no process on this machine has %s open", d.c.Data)}
}

// commandOf returns the command line of a process.
func commandOf(root fs.FS, pid int) string {
	text, err := fs.ReadFile(root, fmt.Sprintf("proc/%d/cmdline", pid))
	if err != nil {
		return "not to be seen from here"
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
}

// halfWritten are names of files and folders that take their real name when
// they are complete.
var halfWritten = regexp.MustCompile(`^\.(.+-\d{4,}|add-.+|import-.+)$`)

// leftAfter is how old such a file is if nobody is writing it any more.
const leftAfter = time.Hour

// checkLeftovers tells of what was left half done.
func checkLeftovers(d *patient) (list []finding) {
	if path := filepath.Join(d.c.Data, restoreJournal); d.c.Data != "" && exists(path) {
		list = append(list, fail("start the service, which finishes it, or run tilgate restore again", "a restore was cut off (%s)", path))
	}
	for _, folder := range []string{d.c.Data, d.c.Adapters, filepath.Dir(d.path)} {
		if folder == "" || folder == "." {
			continue
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // which is said elsewhere
		}
		for _, e := range entries {
			info, err := e.Info()
			if err == nil && halfWritten.MatchString(e.Name()) && d.now().Sub(info.ModTime()) > leftAfter {
				path := filepath.Join(folder, e.Name())
				list = append(list, warn("rm -r "+path, "%s was left by a command that was cut off", path))
			}
		}
	}
	if list == nil {
		list = append(list, oks("nothing was left half done"))
	}
	return list
}
