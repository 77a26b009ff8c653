package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
	"tilgate/serving/auth"
)

// undoSetup takes back what the note beside the configuration lists, the last
// first. What was changed since stays, and so does the note then.
func (p *program) undoSetup(f setupFlags) error {
	m, err := readMade(f.config)
	if err != nil {
		return err
	}
	if len(m.Things) == 0 {
		return fault.NotFound.Errorf("setup has made nothing for %s, or it was taken back; --config names another configuration", f.config)
	}
	if c, err := readConfig(f.config, p.getenv); err == nil && c.Data != "" {
		if pid := holderOf(c.Data); pid != 0 {
			return fault.Invalid.Errorf("process %d serves from %s; stop it first, with systemctl disable --now tilgate say", pid, c.Data)
		}
	}
	u := &undoing{p: p, f: f}
	for _, t := range slices.Backward(m.Things) {
		if t.Kind != aFolder {
			u.take(t)
		}
	}
	if !f.dry && u.err == nil && u.left == 0 {
		sweep(madePath(f.config))
		u.err = os.Remove(madePath(f.config)) // it lies in one of the folders
	}
	for _, t := range slices.Backward(m.Things) {
		if t.Kind == aFolder {
			u.take(t)
		}
	}
	if u.err != nil {
		return u.err
	}
	if u.left > 0 && !f.dry {
		return errors.New("what was changed since setup wrote it stays; --force takes it away too")
	}
	return nil
}

type undoing struct {
	p    *program
	f    setupFlags
	left int
	err  error
}

func (u *undoing) say(what, path, why string) {
	if why != "" {
		why = " (" + why + ")"
	}
	if u.f.dry && what != "Stays" {
		what = "Would be " + map[string]string{"Removed": "removed", "Restored": "restored"}[what]
	}
	_, err := fmt.Fprintf(u.p.out, "%-18s%s%s\n", what, path, why)
	u.err = errors.Join(u.err, err)
}

func (u *undoing) take(t madeThing) {
	var err error
	if t.Kind != aFolder && !u.f.dry {
		sweep(t.Path)
	}
	switch t.Kind {
	case aKey:
		err = u.key(t)
	case aFile:
		err = u.file(t)
	case aFolder:
		err = u.folder(t)
	}
	u.err = errors.Join(u.err, err)
}

func (u *undoing) folder(t madeThing) error {
	list, err := os.ReadDir(t.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(list) > 0 && !u.f.dry {
		u.say("Stays", t.Path, "it holds "+list[0].Name()+andMore(len(list)-1)+"; remove it yourself if that may go")
		return nil
	}
	if !u.f.dry {
		err = os.Remove(t.Path)
	}
	if err == nil {
		u.say("Removed", t.Path, ifDry(u.f.dry, "if nothing is left in it"))
	}
	return err
}

func ifDry(dry bool, text string) string {
	if dry {
		return text
	}
	return ""
}

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

func (u *undoing) file(t madeThing) error {
	text, err := os.ReadFile(t.Path)
	if errors.Is(err, fs.ErrNotExist) && t.Before == "" {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && sumOf(text) != t.SHA256 && !u.f.force && !u.isBefore(t, text) {
		u.left++
		u.say("Stays", t.Path, "it was changed since")
		return nil
	}
	if t.Before != "" && exists(t.Before) {
		if !u.f.dry {
			if err := restore(t.Before, t.Path); err != nil {
				return err
			}
		}
		u.say("Restored", t.Path, "as it was before setup")
		return nil
	}
	if !u.f.dry {
		if err := os.Remove(t.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	u.say("Removed", t.Path, "")
	return nil
}

// isBefore reports whether a file is still what it was before setup, which was
// cut off before it replaced it.
func (u *undoing) isBefore(t madeThing, text []byte) bool {
	before, err := os.ReadFile(t.Before)
	return t.Before != "" && err == nil && bytes.Equal(before, text)
}

func restore(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	_, err = wholefile.Write(to, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	return errors.Join(err, os.Chmod(to, info.Mode().Perm()), os.Remove(from))
}

// key takes a key out of its file, and the file away if it was the only one.
func (u *undoing) key(t madeThing) error {
	file := auth.File{Path: t.Path}
	list, err := file.Read()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(k auth.Key) bool { return k.Name == t.Name }) {
		return nil
	}
	if u.f.dry {
		u.say("Removed", "the key "+t.Name, "")
		return nil
	}
	left := 0
	err = file.Change(func(list []auth.Key) ([]auth.Key, error) {
		list = slices.DeleteFunc(list, func(k auth.Key) bool { return k.Name == t.Name })
		left = len(list)
		return list, nil
	})
	if err != nil {
		return err
	}
	u.say("Removed", "the key "+t.Name, "")
	if left == 0 {
		err = errors.Join(os.Remove(t.Path), os.Remove(t.Path+".lock"))
	}
	return err
}
