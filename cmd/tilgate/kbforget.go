package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/forget"
	"tilgate/rag/qdrant"
	"tilgate/rag/sources"
	"tilgate/rag/upkeep"
)

type forgetFlags struct {
	kbFlags
	tag, why    string
	allow, list bool
}

func (p *program) kbForgetCommand() *cobra.Command {
	var f forgetFlags
	cmd := f.add(p, &cobra.Command{Use: "forget NAME DOCUMENT", Short: "Forget a document for good, and prove it",
		Long: `Forget a document for good: it is taken out of all versions of the knowledge
base, out of the files on disk, and out of what is remembered beside them, which
is what was read, vectors that are kept and quality reports. Then all files of
the data folder are read, and none of its text may be in them.

It goes on a list, forgotten.jsonl in the data folder, which holds digests and
no words. What is on it stays out: it is left out by later syncs, also under
another name, and by imports of bundles, and taken out again if it comes back
with a backup. Bundles and copies that were made before still hold it, and so
do backups; so does what an audit kept of answers.

A service that has the data folder open does it within seconds; then --lang is
needed, and its log has the proof.`,
		Example: "  tilgate kb forget desk complaints/2026-17.pdf --lang ky --why 'request of the applicant'\n  tilgate kb forget desk --list"})
	cmd.Flags().StringVar(&f.tag, "lang", "", "language of the document; in every one if not given")
	cmd.Flags().StringVar(&f.why, "why", "", "the reason, which is kept")
	cmd.Flags().BoolVar(&f.list, "list", false, "list what was forgotten: digests, dates and reasons")
	cmd.Flags().BoolVar(&f.allow, "allow", false, "let the document in again, should it come")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if want := map[bool]int{false: 2, true: 1}[f.list]; len(args) != want {
			return usageError{errors.New("forget takes the name of a knowledge base and a document, or a name with --list; see tilgate kb forget --help")}
		}
		c, err := loadConfig(f.config, p.getenv)
		if err != nil {
			return err
		}
		if c.Data == "" {
			return errors.New("forgetting needs a data folder, for the list of what was forgotten")
		}
		return p.kbForget(cmd.Context(), c, f, args)
	}
	return cmd
}

func (p *program) kbForget(ctx context.Context, c Config, f forgetFlags, args []string) error {
	list, err := forget.Open(c.Data)
	if err != nil {
		return err
	}
	kb, tenant := args[0], rag.TenantOf(f.tenant)
	if f.list {
		return p.print(f.json, forgottenOf(list, tenant, kb))
	}
	var tag lang.Tag
	if f.tag != "" {
		if tag, err = lang.ParseTag(f.tag); err != nil {
			return usageError{fmt.Errorf("--lang: %w", err)}
		}
	}
	key := rag.Key{Lang: tag, Doc: args[1]}
	if f.allow {
		if tag == "" {
			return usageError{errors.New("--allow needs --lang")}
		}
		if err := list.Allow(tenant, kb, key); err != nil {
			return err
		}
		// Its file was read and left out; the next sync must read it again.
		if err := sources.RemoveState(c.Data, tenant, kb); err != nil {
			return err
		}
		return p.print(f.json, forgetResult{KB: kb, Document: key.Doc, say: "it may come in again"})
	}
	entry := forget.Entry{Tenant: tenant, KB: kb, Why: f.why, Time: time.Now()}
	store, closeStore, err := openStore(ctx, c, quietLog())
	if err != nil {
		return p.forgetLater(list, entry, key, f.json, err)
	}
	defer closeStore()
	return p.forgetNow(ctx, &keeper{c: c, store: store, forgotten: list}, entry, key, f.json)
}

// forgetLater leaves it to the service that has the data folder.
func (p *program) forgetLater(list *forget.List, e forget.Entry, key rag.Key, asJSON bool, why error) error {
	if !strings.Contains(why.Error(), "is in use by") {
		return why
	}
	if key.Lang == "" {
		return fmt.Errorf("a service has the data folder open; say the document's language with --lang, and it forgets it: %w", why)
	}
	if err := list.Add(forget.NewEntry(e.Tenant, e.KB, key, nil, e.Why, e.Time)); err != nil {
		return err
	}
	return p.print(asJSON, forgetResult{KB: e.KB, Document: key.Doc, Later: true, say: "the service that has the data folder open forgets it within seconds, and logs the proof"})
}

func (p *program) forgetNow(ctx context.Context, k *keeper, e forget.Entry, key rag.Key, asJSON bool) error {
	x := k.store.For(e.Tenant)
	keys := []rag.Key{key}
	if key.Lang == "" {
		all, err := x.Keys(ctx, e.KB)
		if err != nil {
			return err
		}
		keys = nil
		for _, k := range all {
			if k.Doc == key.Doc {
				keys = append(keys, k)
			}
		}
	}
	if len(keys) == 0 {
		return fault.NotFound.Errorf("knowledge base %s holds no document %q, in no version", e.KB, key.Doc)
	}
	passages := 0
	proof, err := k.erase(ctx, e.Tenant, func(x *qdrant.Index) (texts []string, err error) {
		for _, key := range keys {
			some, err := k.forgotten.Forget(ctx, x, e, key)
			if texts = append(texts, some...); err != nil {
				return texts, err
			}
		}
		passages = len(texts)
		return texts, nil
	})
	if err != nil {
		return err
	}
	result := forgetResult{KB: e.KB, Document: key.Doc, Passages: passages, Proof: proof}
	result.say = fmt.Sprintf("%d passages of all versions are forgotten; ", passages)
	if proof == nil {
		result.say += "the Qdrant server holds none of them any more, and overwrites its files when it optimises them"
	} else {
		result.say += proof.String()
	}
	if err := p.print(asJSON, result); err != nil {
		return err
	}
	if proof != nil && len(proof.Left) > 0 {
		return errors.New("some of its text is left, perhaps because another document says it too")
	}
	return nil
}

type forgetResult struct {
	KB       string        `json:"kb"`
	Document string        `json:"document"`
	Passages int           `json:"passages,omitempty"`
	Later    bool          `json:"later,omitempty"` // a service does it
	Proof    *forget.Proof `json:"proof,omitempty"`

	say string
}

func (r forgetResult) String() string { return r.KB + ": " + r.say }

type forgottenList []forget.Entry

func forgottenOf(list *forget.List, tenant, kb string) forgottenList {
	out := forgottenList{}
	for _, e := range list.Entries() {
		if e.Tenant == tenant && e.KB == kb {
			out = append(out, e)
		}
	}
	return out
}

func (l forgottenList) String() string {
	if len(l) == 0 {
		return "nothing was forgotten"
	}
	var lines []string
	for _, e := range l {
		line := fmt.Sprintf("%s  %s  %s", e.Time.Format("2006-01-02"), e.Lang, e.Document[:16])
		if e.Why != "" {
			line += "  " + e.Why
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// erase has documents removed, and then what else knows their words: files of
// the store, vectors that are kept, what was read, quality reports. The proof
// is nil if the store is not in the data folder.
func (k *keeper) erase(ctx context.Context, tenant string, remove func(x *qdrant.Index) (texts []string, err error)) (*forget.Proof, error) {
	x := k.store.For(tenant)
	texts, err := remove(x)
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	kbs, err := x.KBs(ctx)
	if err != nil {
		return nil, err
	}
	for _, kb := range kbs {
		err = errors.Join(err, os.RemoveAll(upkeep.ReportFolder(k.c.Data, tenant, kb)), sources.RemoveState(k.c.Data, tenant, kb))
	}
	if e := os.Remove(filepath.Join(k.c.Data, vectorsFile)); !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	scrubbed, e := k.store.Scrub()
	if err = errors.Join(err, e); err != nil || !scrubbed {
		return nil, err
	}
	proof, err := forget.Prove(ctx, k.c.Data, texts)
	return &proof, err
}
