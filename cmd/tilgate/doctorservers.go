package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/engine"
	"tilgate/rag/qdrant"
	"tilgate/serving/audit"
)

// checkStore tells whether the knowledge bases can be opened, and whether they
// hold vectors of the embedding model.
func checkStore(d *patient) (list []finding) {
	if d.c.Qdrant.Address != "" {
		return d.checkQdrant()
	}
	bases, err := engine.Peek(d.c.Data)
	if err != nil {
		return []finding{fail(unlessDenied(err, "see what it says; a newer Tilgate may have written it, or the disk is damaged"), "%s", oneLine(err))}
	}
	shown := 0
	for _, b := range bases {
		if !slices.ContainsFunc(b.Aliases, func(a string) bool { return !strings.Contains(a, "~") }) {
			continue // an older version
		}
		shown++
		for _, length := range b.Vectors {
			list = append(list, d.vectors(b.Collection, b.Metadata["model"], length)...)
		}
	}
	if list == nil {
		list = append(list, oks("%d knowledge bases in %s", shown, d.c.Data))
	}
	return list
}

func (d *patient) checkQdrant() (list []finding) {
	ctx, cancel := context.WithTimeout(d.ctx, 2*d.patient)
	defer cancel()
	store, closeStore, err := openStore(ctx, d.c, quietLog())
	if err != nil {
		do := "put it or [qdrant] right; until then the service does not start"
		if qdrant.Away(err) {
			do = "start it, or put [qdrant] right; until then the service answers without documents, and finds it by itself"
		}
		return []finding{fail(do, "%s", oneLine(err))}
	}
	defer closeStore()
	x := store.For(rag.DefaultTenant)
	bases, err := x.KBs(ctx)
	for i := 0; err == nil && i < len(bases); i++ {
		info, wrong := x.Info(ctx, bases[i])
		if err = wrong; err == nil && info.Dimension > 0 {
			list = append(list, d.vectors(bases[i], info.Model, info.Dimension)...)
		}
	}
	if err != nil {
		return append(list, fail("see the log of Qdrant", "%s", oneLine(err)))
	}
	if list == nil {
		list = append(list, oks("Qdrant at %s; %d knowledge bases of the default tenant", d.c.Qdrant.Address, len(bases)))
	}
	return list
}

// vectors compares those of a knowledge base with what the configuration says.
func (d *patient) vectors(kb, model string, length int) []finding {
	const do = "ingest again (tilgate kb sync), or set [embed] back; until then it is searched by words alone"
	e := d.c.Embed
	switch {
	case e.URL == "":
		return []finding{warn(do, "%s holds vectors of %s, and no embedding model is configured", kb, orElse(model, "a model"))}
	case model != "" && model != e.Model:
		return []finding{warn(do, "%s holds vectors of %s, not of %s", kb, model, e.Model)}
	case e.Dimension > 0 && e.Dimension != length:
		return []finding{warn(do, "%s holds vectors of %d numbers, and [embed] dimension is %d", kb, length, e.Dimension)}
	}
	if n, err := d.dimension(); err == nil && n != length {
		return []finding{warn(do, "%s holds vectors of %d numbers, and %s makes %d", kb, length, e.Model, n)}
	}
	return nil
}

// dimension asks the embedding model how long its vectors are.
func (d *patient) dimension() (int, error) {
	model, err := openModel(d.c, nil)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(d.ctx, 6*d.patient) // it may have to be loaded
	defer cancel()
	return model.Dimension(ctx)
}

func checkEmbedding(d *patient) []finding {
	if d.c.Embed.URL == "" {
		return nil
	}
	n, err := d.dimension()
	if err != nil {
		return []finding{fail("start it and load the model, or take [embed] out; until then passages are found by their words", "%s at %s: %s", d.c.Embed.Model, d.c.Embed.URL, oneLine(err))}
	}
	return []finding{oks("%s makes vectors of %d numbers", d.c.Embed.Model, n)}
}

func checkRerank(d *patient) []finding {
	r := d.c.Rerank
	if r.URL == "" {
		return nil
	}
	_, header, err := d.get(r.way("reranker", r.URL), r.URL)
	if header == nil {
		return []finding{fail("start it, or take [rerank] out; until then passages keep their order", "%s does not answer: %v", r.URL, err)}
	}
	return []finding{oks("%s answers", r.URL)}
}

func checkRedis(d *patient) []finding {
	c := d.c.Redis
	if c.URL == "" {
		return nil
	}
	o, err := redis.ParseURL(c.URL)
	if err != nil {
		return nil // the configuration was checked
	}
	ctx, cancel := context.WithTimeout(d.ctx, d.patient)
	defer cancel()
	if err := ping(ctx, o, c); err != nil {
		return []finding{fail("start it, or put [redis] and TILGATE_REDIS_PASSWORD right; down says what happens until then", "%s does not answer: %v", c.URL, err)}
	}
	return []finding{oks("it answers")}
}

// ping asks Redis for a sign. The client logs by itself what it cannot reach; so
// that is tried before.
func ping(ctx context.Context, o *redis.Options, c RedisConfig) error {
	o.Dialer, o.MaxRetries = c.way("Redis", c.URL).DialContext, -1
	o.Password = cmp.Or(c.Password, o.Password)
	conn, err := o.Dialer(ctx, o.Network, o.Addr)
	if err != nil {
		return err
	}
	conn.Close()
	client := redis.NewClient(o)
	defer client.Close()
	return client.Ping(ctx).Err()
}

func checkIdentity(d *patient) []finding {
	c := d.c.OIDC
	if c.Issuer == "" || c.JWKSFile != "" {
		return nil
	}
	_, _, err := d.get(c.way("identity provider", c.Issuer), strings.TrimRight(c.Issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return []finding{fail("see that it runs and can be reached from here; jwks_file works without it", "%s does not describe itself: %v", c.Issuer, err)}
	}
	return []finding{oks("%s answers", c.Issuer)}
}

func checkLedger(d *patient) []finding {
	if _, ok := d.c.ledger(); !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(d.ctx, 2*d.patient)
	defer cancel()
	r, err := readLedger(ctx, d.c)
	switch {
	case fault.NotFound.Is(err):
		return []finding{oks("none yet; it is made when Tilgate serves")}
	case err != nil && strings.Contains(err.Error(), "older schema"):
		return []finding{warn("start the service", "%s", oneLine(err))}
	case err != nil:
		return []finding{fail("see what it says; for Postgres, whether it runs, its address, and TILGATE_LEDGER_PASSWORD", "%s", oneLine(err))}
	}
	if err := r.Close(); err != nil {
		return []finding{fail("look at the disk", "%v", err)}
	}
	return []finding{oks("it opens, and is of this version's schema")}
}

func checkAudit(d *patient) []finding {
	folder := d.c.Audit.Folder
	if folder == "" {
		return nil
	}
	if files, err := audit.Files(folder); err == nil && len(files) == 0 {
		return []finding{oks("no records yet")}
	}
	chain, err := audit.VerifyTail(folder)
	if err != nil {
		return []finding{fail("keep a copy of "+folder+", find out who had access, and run tilgate audit verify", "%s", oneLine(err))}
	}
	return []finding{oks("the newest file holds %d records, up to the head; tilgate audit verify looks at all", chain.Records)}
}
