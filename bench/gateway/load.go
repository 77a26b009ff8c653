package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// turn loads one server with one client, then with many.
func (b *bench) turn(s *server) (figure, error) {
	var f figure
	out, err := b.wrk(s, 1, 1)
	if err != nil {
		return f, err
	}
	if f.p50, err = time.ParseDuration(find(out, `(?m)^\s+50%\s+(\S+)`)); err != nil {
		return f, err
	}
	before := cpuOf(s.cmd.Process.Pid)
	if out, err = b.wrk(s, 2, *clients); err != nil {
		return f, err
	}
	spent := cpuOf(s.cmd.Process.Pid) - before
	requests, err := strconv.Atoi(find(out, `(\d+) requests in`))
	if err != nil {
		return f, err
	}
	f.cpu = spent / time.Duration(requests)
	f.rps, err = strconv.ParseFloat(find(out, `Requests/sec:\s+(\S+)`), 64)
	return f, err
}

// wrk makes the load. Any answer but 200 is an error.
func (b *bench) wrk(s *server, threads, clients int) (string, error) {
	cmd := exec.Command("wrk", "--latency", "-t", strconv.Itoa(threads), "-c", strconv.Itoa(clients), "-d", fmt.Sprintf("%ds", *seconds),
		"-s", filepath.Join(b.tools, "post.lua"), s.url(), "--", filepath.Join(b.tools, "body.json"), "", s.key)
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil || strings.Contains(text, "Non-2xx") || strings.Contains(text, "Socket errors") {
		return "", fmt.Errorf("loading %s: %v\n%s", s.name, err, text)
	}
	return string(out), nil
}

func find(text, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// cpuOf is the time that a process has had, user and system.
func cpuOf(pid int) time.Duration {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}
