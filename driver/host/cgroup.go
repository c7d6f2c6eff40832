package host

import (
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// hierarchy is how one version of Linux' control groups writes memory.
type hierarchy struct {
	mount       string
	limit, used string // files
	cache       string // line of memory.stat with what can be taken back at once
}

var (
	version2 = hierarchy{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"}
	version1 = hierarchy{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}
)

// groupMemory is the used share of the memory limit of this process's control
// group, or of the group around it that is closest to its limit; ok is false
// without a limit. total is the machine's memory: a limit above it is none. 0:
// not known.
func groupMemory(root fs.FS, total uint64) (share float64, ok bool) {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(text) {
		// 0::/path in version 2, 4:memory:/path in version 1.
		parts := strings.SplitN(strings.TrimSpace(string(line)), ":", 3)
		if len(parts) != 3 {
			continue
		}
		var h hierarchy
		switch {
		case parts[0] == "0" && parts[1] == "":
			h = version2
		case hasWord(parts[1], "memory"):
			h = version1
		default:
			continue
		}
		if s, found := h.closest(root, parts[2], total); found && s >= share {
			share, ok = s, true
		}
	}
	return share, ok
}

func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// closest is the greatest used share of a group and those around it. Inside a
// container the outer groups, or even its own, may not be there to see.
func (h hierarchy) closest(root fs.FS, group string, total uint64) (share float64, ok bool) {
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		if s, found := h.share(root, path.Join(h.mount, at), total); found && s >= share {
			share, ok = s, true
		}
		if at == "/" {
			return share, ok
		}
	}
}

func (h hierarchy) share(root fs.FS, dir string, total uint64) (float64, bool) {
	limit, ok := number(root, path.Join(dir, h.limit))
	if !ok || limit == 0 || total > 0 && limit > total || limit > 1<<60 {
		return 0, false
	}
	used, ok := number(root, path.Join(dir, h.used))
	if !ok {
		return 0, false
	}
	used -= min(h.reclaimable(root, dir), used)
	return float64(used) / float64(limit), true
}

// reclaimable is the part of a group's memory that holds copies of files and
// was not used lately: it is counted as used and is given back at once.
func (h hierarchy) reclaimable(root fs.FS, dir string) uint64 {
	text, err := fs.ReadFile(root, path.Join(dir, "memory.stat"))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if f := bytes.Fields(line); len(f) == 2 && string(f[0]) == h.cache {
			n, _ := strconv.ParseUint(string(f[1]), 10, 64)
			return n
		}
	}
	return 0
}

// number reads a file of one number; "max" is none.
func number(root fs.FS, name string) (uint64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
