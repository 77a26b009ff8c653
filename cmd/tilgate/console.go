package main

import (
	"log/slog"

	"tilgate/rag/qdrant"
	"tilgate/rag/upkeep"
	"tilgate/serving/admin"
	"tilgate/serving/auth"
	"tilgate/serving/feedback"
	"tilgate/serving/gateway"
	"tilgate/serving/handover"
	"tilgate/serving/ledger"
	"tilgate/serving/limit"
)

// consoleParts are what the operator's pages show, beside the service.
type consoleParts struct {
	live   *admin.Live
	store  *qdrant.Store
	used   *limit.Shares
	ledger *ledger.Ledger
	desk   *feedback.Desk
	memory *feedback.Memory
	people *handover.Desk
}

// console puts the operator's pages together.
func (c Config) console(svc opened, p consoleParts, log *slog.Logger) gateway.Console {
	parts := admin.Parts{Live: p.live, Service: svc, Adapters: svc.adapters, Servers: svc.models.States, Keys: keyFile{c.Keys, c.keysFile()},
		Index: func(tenant string) admin.Index { return p.store.For(tenant) }, Changed: svc.clear,
		Feedback: p.desk, Memory: p.memory, People: p.people, Evals: c.Evals, Log: log}
	if p.ledger != nil {
		parts.Ledger = p.ledger
	}
	if c.Data != "" {
		parts.Reports = func(tenant, kb string) string { return upkeep.ReportFolder(c.Data, tenant, kb) }
	}
	if p.used != nil {
		parts.Used = p.used.Used
	}
	return admin.New(parts)
}

// keyFile are the keys of the configuration, and those of a file.
type keyFile struct {
	fixed []auth.Key
	file  auth.File
}

func (k keyFile) All() (fixed, changeable []auth.Key, err error) {
	changeable, err = k.file.Read()
	return k.fixed, changeable, err
}

func (k keyFile) Add(key auth.Key) error { return k.file.Add(key, k.fixed) }

func (k keyFile) Edit(name string, change func(*auth.Key) error) error {
	return k.file.Edit(name, change)
}
