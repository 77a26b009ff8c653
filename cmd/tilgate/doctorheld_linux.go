package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// holderOf returns the process that has a data folder open, 0 if none has. It
// reads which locks there are, and takes none: a service that starts at that
// moment would not get its own. A process in another container, or on another
// machine, is not seen.
func holderOf(data string) int {
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(data, "LOCK"), &st); err != nil {
		return 0
	}
	f, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer f.Close()
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// 1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF
		fields := strings.Fields(lines.Text())
		if len(fields) >= 6 && fields[1] != "->" && fields[5] == file {
			if pid, err := strconv.Atoi(fields[4]); err == nil {
				return pid
			}
		}
	}
	return 0
}
