// Package qdrant is the index: knowledge bases as Qdrant collections, over
// the go-client. The same code talks to a Qdrant server and to the embedded
// engine; it cannot tell them apart.
//
// A knowledge base health is an alias for a collection health@1, its first
// version; an alias health~1 marks that version as whole. Each language has a
// sparse vector of its own, lex_ky, because Qdrant counts document frequencies
// over the whole of one. A passage's id is a hash of alias, language, document
// and number, so that storing it again replaces it.
//
// Store.For gives the Index of one tenant, and there is no other way to
// passages. The tenant moh's health is the alias moh.health: its collections
// are its own, because scores of a shared one would tell how often others use
// a word. Each passage carries its tenant besides, and each call filters on
// it, so that a mistake with a name shows nobody anything.
package qdrant

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A Store is a Qdrant, or the embedded engine. What it holds is asked of the
// Index of a tenant. It is safe for concurrent use.
type Store struct{ *shared }

// An Index is what one tenant has in a store: its knowledge bases. It is safe
// for concurrent use.
type Index struct {
	*shared
	tenant string
	wrong  error  // with the tenant's name
	staged string // collection that stands for the knowledge base it is a version of; see Stage
}

// shared is what the indexes of all tenants have in common.
type shared struct {
	client *qdrant.Client
	keep   int    // versions
	site   string // where it stands
	scrub  func() error
	shard  string // key of the shard that everything lies in; empty means all
	model  Model  // of dense vectors; its zero value does without

	// growing is held by who moves a knowledge base to its next version, and
	// shared by who writes: what is written meanwhile would stay behind.
	growing sync.RWMutex

	mu      sync.Mutex
	counts  map[string]count           // by tenant, alias and vector
	models  map[string]rememberedModel // by collection or alias
	aliases []string                   // last list of the aliases that stand for knowledge bases
	numbers map[string]int             // of the versions that these stood for
	listed  time.Time
}

type count struct {
	n  int
	at time.Time
}

// remember is how long counts and the list of knowledge bases may be old:
// another process may write to the same Qdrant.
const remember = 5 * time.Second

// Options of a Store. The zero value works.
type Options struct {
	// Shard is the key of the shard that everything is written to and read
	// from: data of one country on the nodes of that country. It takes a Qdrant
	// cluster; the embedded engine refuses it.
	Shard string
	// Keep is how many versions of a knowledge base are kept, the one that is
	// searched among them; 0 means DefaultKeep.
	Keep int
	// Site is where the store stands, such as a country; empty says nothing.
	Site string
	// Scrub removes from disk what was deleted; nil where the store cannot.
	Scrub func() error
}

// New returns the store behind client.
func New(client *qdrant.Client, o Options) *Store {
	return &Store{&shared{client: client, shard: o.Shard, keep: o.Keep, site: o.Site, scrub: o.Scrub, counts: map[string]count{}}}
}

// Scrub removes from disk what was deleted from the index, and reports whether
// the store can.
func (s *Store) Scrub() (done bool, err error) {
	if s.scrub == nil {
		return false, nil
	}
	return true, s.scrub()
}

// vectorName is the sparse vector of a language's passages.
func vectorName(tag lang.Tag) string { return "lex_" + string(tag.Base()) }

var kbName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Create makes a knowledge base that can hold passages in langs, unless it is
// there; one that is there learns the languages that it lacks.
func (x *Index) Create(ctx context.Context, kb string, langs []lang.Tag) error {
	if !kbName.MatchString(kb) {
		return fault.Invalid.Errorf("%q cannot name a knowledge base: use small letters, digits, - and _, at most 63", kb)
	}
	alias, err := x.name(kb)
	if err != nil {
		return err
	}
	x.growing.Lock()
	defer x.growing.Unlock()
	current, err := x.collection(ctx, alias)
	switch {
	case err != nil:
		return err
	case current == "":
		first, err := x.stage(ctx, alias, langs, x.model)
		if err != nil {
			return err
		}
		x.forgetCounts()
		return x.show(ctx, alias, first)
	}
	have, err := x.languages(ctx, current)
	if err != nil {
		return err
	}
	model, err := x.modelIn(ctx, current)
	if err != nil {
		return err
	}
	sameModel := model.holds(x.model)
	if !sameModel {
		model = x.model
	}
	if all := union(have, langs); len(all) > len(have) || !sameModel {
		return x.grow(ctx, alias, current, all, model, sameModel)
	}
	return nil
}

func union(have, more []lang.Tag) []lang.Tag {
	all := slices.Clone(have)
	for _, t := range more {
		if !slices.Contains(all, t.Base()) {
			all = append(all, t.Base())
		}
	}
	return all
}

// collection returns the collection behind an alias, or "".
func (x *Index) collection(ctx context.Context, alias string) (string, error) {
	aliases, err := x.client.ListAliases(ctx)
	if err != nil {
		return "", explain(err)
	}
	for _, a := range aliases {
		if a.GetAliasName() == alias {
			return a.GetCollectionName(), nil
		}
	}
	return "", nil
}

func (x *Index) languages(ctx context.Context, collection string) ([]lang.Tag, error) {
	info, err := x.client.GetCollectionInfo(ctx, collection)
	if err != nil {
		return nil, explain(err)
	}
	var tags []lang.Tag
	for name := range info.GetConfig().GetParams().GetSparseVectorsConfig().GetMap() {
		if tag, ok := strings.CutPrefix(name, "lex_"); ok {
			tags = append(tags, lang.Tag(tag))
		}
	}
	slices.Sort(tags)
	return tags, nil
}

func (x *Index) createCollection(ctx context.Context, name string, langs []lang.Tag, m Model) error {
	sparse := map[string]*qdrant.SparseVectorParams{}
	for _, t := range langs {
		sparse[vectorName(t)] = &qdrant.SparseVectorParams{Modifier: qdrant.Modifier_Idf.Enum()}
	}
	req := &qdrant.CreateCollection{CollectionName: name, SparseVectorsConfig: qdrant.NewSparseVectorsConfig(sparse)}
	m.addDense(req)
	if x.shard != "" {
		req.ShardingMethod = qdrant.ShardingMethod_Custom.Enum()
	}
	err := x.client.CreateCollection(ctx, req)
	if err != nil {
		return x.explainShard(err)
	}
	if err := x.createShard(ctx, name); err != nil {
		return err
	}
	for _, field := range []string{tenantKey, "lang", "doc", modelKey} {
		index := &qdrant.CreateFieldIndexCollection{CollectionName: name, FieldName: field,
			FieldType: qdrant.FieldType_FieldTypeKeyword.Enum(), Wait: qdrant.PtrOf(true)}
		if field == tenantKey {
			index.FieldIndexParams = qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{IsTenant: qdrant.PtrOf(true)})
		}
		if _, err := x.client.CreateFieldIndex(ctx, index); err != nil {
			return explain(err)
		}
	}
	return nil
}

// KBs names the knowledge bases, sorted.
func (x *Index) KBs(ctx context.Context) ([]string, error) {
	if x.wrong != nil {
		return nil, x.wrong
	}
	if alias, _, staged := strings.Cut(x.staged, "@"); staged {
		kb, _ := x.base(alias)
		return []string{kb}, nil
	}
	aliases, err := x.bases(ctx)
	if err != nil {
		return nil, err
	}
	kbs := []string{}
	for _, a := range aliases {
		if kb, ours := x.base(a); ours {
			kbs = append(kbs, kb)
		}
	}
	return kbs, nil
}

// bases returns the aliases that stand for knowledge bases, of all tenants.
// Others that use the same Qdrant may have aliases too.
func (s *shared) bases(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aliases != nil && time.Since(s.listed) < remember {
		return s.aliases, nil
	}
	all, err := s.client.ListAliases(ctx)
	if err != nil {
		return nil, explain(err)
	}
	s.aliases, s.numbers, s.listed = []string{}, map[string]int{}, time.Now()
	for _, a := range all {
		if strings.HasPrefix(a.GetCollectionName(), a.GetAliasName()+"@") {
			s.aliases = append(s.aliases, a.GetAliasName())
			s.numbers[a.GetAliasName()], _ = numberOf(a.GetAliasName(), a.GetCollectionName())
		}
	}
	slices.Sort(s.aliases)
	return s.aliases, nil
}

// searched returns the number of the version that a search of an alias goes to.
// For a moment after another process has put another in its place, it is the
// number of the one before.
func (x *Index) searched(ctx context.Context, alias string) (int, error) {
	if n, staged := numberOf(alias, x.staged); staged {
		return n, nil
	}
	if _, err := x.bases(ctx); err != nil {
		return 0, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.numbers[alias], nil
}

// forgetCounts drops what was remembered about sizes and names, after a write.
func (x *Index) forgetCounts() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.counts)
	clear(x.models)
	x.aliases = nil
}

// explain gives an error of the client its kind.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var limited *qdrant.QdrantResourceExhaustedError
	if errors.As(err, &limited) {
		return fault.Limited.Wrap(err, "the knowledge base is over its limit of requests")
	}
	cause := err
	for e := err; e != nil; e = errors.Unwrap(e) {
		cause = e
	}
	switch status.Code(cause) {
	case codes.Unavailable, codes.Unauthenticated, codes.PermissionDenied:
		return fault.Unavailable.Wrap(err, "the knowledge base cannot be reached")
	case codes.DeadlineExceeded:
		return fault.Timeout.Wrap(err, "the knowledge base took too long")
	case codes.Canceled:
		return fault.Canceled.Wrap(err, "the request was canceled")
	case codes.NotFound:
		return fault.NotFound.Wrap(err, "there is no such knowledge base")
	}
	return fmt.Errorf("qdrant: %w", err)
}
