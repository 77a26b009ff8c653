package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"

	"tilgate/serving/auth"
)

// write makes what is planned, the key last: it is shown once.
func (p *program) write(ctx context.Context, s setting, plan *setupPlan) error {
	m := &maker{config: s.config, uid: -1, gid: -1}
	var err error
	if m.made, err = readMade(s.config); err != nil {
		return err
	}
	m.Version, m.Done = buildVersion().Version, false
	if s.unit != "" && os.Geteuid() == 0 {
		m.uid, m.gid = idsOf(s.user)
	}
	err = m.all(s, plan)
	if err == nil {
		err = p.install(ctx, m, s)
	}
	if err != nil {
		return fmt.Errorf("%w\nwhat is noted in %s is made; run setup again when that is put right, or tilgate setup --undo --config %s", err, madePath(s.config), s.config)
	}
	if err := p.operatorKey(m, s, plan.c); err != nil {
		return err
	}
	m.Done = true
	if err := m.save(); err != nil {
		return fmt.Errorf("all is made, but that is not noted in %s: %w; run setup again when that is put right", madePath(s.config), err)
	}
	return p.nextSteps(s, plan.c)
}

func (m *maker) all(s setting, plan *setupPlan) error {
	if err := m.home(); err != nil {
		return err
	}
	if err := m.folder(s.data, 0o700); err != nil {
		return err
	}
	if err := m.give(s.data); err != nil {
		return err
	}
	for _, f := range plan.files {
		if err := m.folder(filepath.Dir(f.path), 0o755); err != nil {
			return err
		}
		if err := m.file(f); err != nil {
			return fmt.Errorf("writing %s: %w", f.path, err)
		}
	}
	_, err := readConfig(s.config, func(string) string { return "" })
	return err
}

// give lets what the service writes belong to it.
func (m *maker) give(path string) error {
	if m.uid < 0 {
		return nil
	}
	return os.Chown(path, m.uid, m.gid)
}

// idsOf returns the ids of a user; -1 if there is none of that name yet.
func idsOf(name string) (uid, gid int) {
	u, err := user.Lookup(name)
	if err != nil {
		return -1, -1
	}
	uid, err = strconv.Atoi(u.Uid)
	gid, wrong := strconv.Atoi(u.Gid)
	if err != nil || wrong != nil {
		return -1, -1
	}
	return uid, gid
}

// operatorKey makes the keys that were wished for, those that are not there.
func (p *program) operatorKey(m *maker, s setting, c Config) error {
	file := c.keysFile()
	there, err := file.Read()
	if err != nil {
		return err
	}
	create := func(key auth.Key, secret string) error {
		if slices.ContainsFunc(there, func(k auth.Key) bool { return k.Name == key.Name }) {
			fmt.Fprintf(p.out, "\nThe key %q is there already; a new secret for it: %s\n", key.Name, s.asUser("tilgate key rotate "+key.Name+" --config "+s.config))
			return nil
		}
		key.Created = now()
		if err := m.note(madeThing{Kind: aKey, Path: file.Path, Name: key.Name}); err != nil {
			return fmt.Errorf("making the key: %w", err)
		}
		if err := file.Add(key, nil); err != nil {
			return fmt.Errorf("making the key: %w", err)
		}
		for _, path := range []string{file.Path, file.Path + ".lock"} {
			if err := m.give(path); err != nil {
				return err
			}
		}
		fmt.Fprintln(p.out)
		if err := p.shown(secret, key, ""); err != nil {
			return fmt.Errorf("the key was made and could not be shown: %w; tilgate key rotate %s makes a new one", err, key.Name)
		}
		return nil
	}
	if s.key != "" {
		secret, key := auth.Generate()
		key.Name, key.Admin = s.key, true
		if err := create(key, secret); err != nil {
			return err
		}
	}
	if len(s.pages) == 0 {
		return nil
	}
	secret, key := auth.GeneratePage()
	key.Name, key.Page, key.Origins = "page", true, s.pages
	usual(&key)
	return create(key, secret)
}
