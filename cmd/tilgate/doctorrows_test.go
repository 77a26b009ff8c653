package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	pb "github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fit"
	"tilgate/rag/engine"
	"tilgate/serving/audit"
)

type doctorRow struct {
	name   string
	harm   func(t *testing.T, w *ward)
	config func(t *testing.T, w *ward) // in place of the ward's own
	want   []seen
}

func one(check string, state condition, says, do string) []seen {
	return []seen{{check, state, says, do}}
}

// top and end add to the configuration.
func top(text string) func(*testing.T, *ward) { return func(_ *testing.T, w *ward) { w.top += text } }
func end(text string) func(*testing.T, *ward) { return func(_ *testing.T, w *ward) { w.end += text } }

func onDisk(k disk) func(*testing.T, *ward) {
	return func(_ *testing.T, w *ward) {
		w.d = func(d *patient) { d.disk = func(string) (disk, error) { return k, nil } }
	}
}

// unit is what systemctl says.
func unit(says string) func(*testing.T, *ward) {
	return func(_ *testing.T, w *ward) {
		w.d = func(d *patient) {
			d.root = fstest.MapFS{"run/systemd/system/x": {}}
			before := d.command
			d.command = func(name string, args ...string) (string, error) {
				if name == "systemctl" {
					return says, nil
				}
				return before(name, args...)
			}
		}
	}
}

func asRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
}

func noFault(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const nowhere = "http://127.0.0.1:1"

var doctorRows = []doctorRow{
	{name: "a key that nobody knows", harm: top("colour = \"blue\"\n"), want: []seen{
		{"config", fails, "colour: there is no such key", "put it right"}, {"config", warns, "was not looked at", "run doctor again"}}},
	{name: "a newer version", harm: top("colour = \"blue\"\n"), config: func(t *testing.T, w *ward) {
		write(t, w.config, markBegin+"99.1.0.\ncolour = \"blue\"\n")
	}, want: []seen{{"config", fails, "colour: there is no such key", "Tilgate 99.1.0 wrote this file, and this is devel: use the newer one"}, {"config", warns, "", ""}}},
	{name: "no configuration there", harm: func(*testing.T, *ward) {}, config: func(t *testing.T, w *ward) { noFault(t, os.Remove(w.config)) },
		want: []seen{{"config", fails, "no such file", "tilgate setup"}, {"config", warns, "", ""}}},
	{name: "setup was cut off", harm: func(t *testing.T, w *ward) { write(t, madePath(w.config), `{"version": "1", "done": false}`) },
		want: one("setup", fails, "cut off", "run setup again")},
	{name: "the note of setup is garbage", harm: func(t *testing.T, w *ward) { write(t, madePath(w.config), "{") },
		want: one("setup", warns, "cannot be read", "remove it")},

	{name: "the unit has failed", harm: unit("LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\n"), want: one("unit", fails, "has failed", "journalctl -u tilgate")},
	{name: "the unit was changed", harm: unit("LoadState=loaded\nActiveState=active\nNeedDaemonReload=yes\n"), want: one("unit", warns, "not in force", "systemctl daemon-reload")},
	{name: "the unit is disabled", harm: unit("LoadState=loaded\nActiveState=active\nUnitFileState=disabled\n"), want: one("unit", warns, "does not start with the machine", "systemctl enable")},
	{name: "the unit does not run", harm: unit("LoadState=loaded\nActiveState=inactive\n"), want: one("unit", warns, "does not run", "systemctl start")},
	{name: "the unit serves something else", harm: unit("LoadState=loaded\nActiveState=active\nExecStart={ path=/usr/bin/tilgate ; argv[]=tilgate serve --config /etc/other.toml }\n"),
		want: one("unit", warns, "does not serve from", "--config")},
	{name: "the unit is broken", harm: unit("LoadState=bad-setting\n"), want: one("unit", fails, "does not load", "systemd-analyze verify")},
	{name: "the unit runs as another", harm: unit("LoadState=loaded\nActiveState=active\nUser=somebody-else\n"), want: one("unit", fails, "runs as somebody-else", "chown -R somebody-else:")},

	{name: "before it was made", harm: func(_ *testing.T, w *ward) {
		w.d = func(d *patient) { d.built = time.Now().AddDate(1, 0, 0) }
	}, want: one("clock", fails, "before this program was made", "set the clock")},
	{name: "records of the future", harm: func(t *testing.T, w *ward) {
		at := time.Now().Add(time.Hour)
		noFault(t, os.Chtimes(w.keys(), at, at))
	}, want: one("clock", fails, "keys.toml was written at", "set the clock")},
	{name: "a server's clock is far off", harm: func(_ *testing.T, w *ward) { w.ollama.skew = -time.Hour }, want: one("clock", fails, " apart", "set the clock")},
	{name: "a server's clock is off", harm: func(_ *testing.T, w *ward) { w.ollama.skew = time.Minute }, want: one("clock", warns, "apart", "set the clock")},
	{name: "few files", harm: func(_ *testing.T, w *ward) { w.d = func(d *patient) { d.limit = func() uint64 { return 1024 } } },
		want: one("files", warns, "only 1024", "LimitNOFILE")},

	{name: "everybody writes", harm: func(t *testing.T, w *ward) { noFault(t, os.Chmod(w.data, 0o777)) }, want: one("data", fails, "everybody can write", "chmod o-w")},
	{name: "another's file", harm: func(t *testing.T, w *ward) {
		asRoot(t)
		noFault(t, os.Chown(w.keys(), 54321, 54321))
	}, want: one("data", fails, "keys.toml belongs to user 54321", "chown -R root:")},
	{name: "its owner cannot write", harm: func(t *testing.T, w *ward) {
		asRoot(t)
		for _, path := range []string{w.data, w.keys(), w.keys() + ".lock"} {
			noFault(t, os.Chown(path, 54321, 54321))
		}
		noFault(t, os.Chmod(w.data, 0o500))
	}, want: one("data", fails, "cannot be written by its owner", "chmod u+w")},
	{name: "the data is not there", harm: func(t *testing.T, w *ward) { noFault(t, os.RemoveAll(w.data)) },
		want: []seen{{"data", warns, "is not there", "made when Tilgate serves"}, {"keys", fails, "nobody could call", "tilgate key create"}}},

	{name: "no room", harm: onDisk(disk{free: 50 << 20, size: 1 << 40}), want: one("disk", fails, "has only 52 MB free", "make room")},
	{name: "little room", harm: onDisk(disk{free: 1 << 30, size: 1 << 40}), want: one("disk", warns, "has only 1.1 GB free", "make room")},
	{name: "no room for files", harm: onDisk(disk{free: 1 << 39, size: 1 << 40, nodes: 3, allNodes: 1 << 20}), want: one("disk", fails, "only 3 more files", "remove files")},
	{name: "the disk does not answer", harm: func(_ *testing.T, w *ward) {
		w.d = func(d *patient) {
			d.disk = func(string) (disk, error) { return disk{}, errors.New("stale file handle") }
		}
	}, want: one("disk", fails, "stale file handle", "look at the disk")},
	{name: "NFS", harm: onDisk(disk{free: 1 << 39, size: 1 << 40, kind: networked, name: "nfs4", options: "rw,vers=4.2,local_lock=none"}),
		want: one("filesystem", warns, "on nfs4: only one machine", "local disk")},
	{name: "NFS without locks", harm: onDisk(disk{free: 1 << 39, size: 1 << 40, kind: networked, name: "nfs", options: "rw,vers=3,nolock,local_lock=all"}),
		want: one("filesystem", fails, "do not reach other machines", "without nolock")},
	{name: "in memory", harm: onDisk(disk{free: 1 << 39, size: 1 << 40, kind: inRAM, name: "tmpfs"}), want: one("filesystem", warns, "gone after a restart", "disk")},
	{name: "in a container", harm: onDisk(disk{free: 1 << 39, size: 1 << 40, kind: layered, name: "overlay"}), want: one("filesystem", warns, "goes with it", "volume")},
	{name: "another machine serves", harm: func(t *testing.T, w *ward) {
		release, err := claim{Host: "box2", Kernel: "another", PID: 7}.keep(t.Context(), w.data, 10*time.Millisecond, time.Second, slog.New(slog.DiscardHandler))
		noFault(t, err)
		t.Cleanup(release)
	}, want: one("in use", fails, "process 7 on the machine box2 serves from", "stop one of them")},
	{name: "a process has it", harm: func(t *testing.T, w *ward) {
		e, err := engine.Open(w.data, engine.Options{})
		noFault(t, err)
		t.Cleanup(func() { e.Close() })
	}, want: one("in use", isWell, fmt.Sprintf("process %d has", os.Getpid()), "")},
	{name: "half a file", harm: func(t *testing.T, w *ward) {
		path, at := filepath.Join(w.data, ".keys.toml-123456789"), time.Now().Add(-2*time.Hour)
		write(t, path, "half")
		noFault(t, os.Chtimes(path, at, at))
	}, want: one("leftovers", warns, "was left by a command", "rm -r")},
	{name: "half a restore", harm: func(t *testing.T, w *ward) { write(t, filepath.Join(w.data, restoreJournal), "{}") },
		want: one("leftovers", fails, "a restore was cut off", "start the service")},
	{name: "a file that is being written", harm: func(t *testing.T, w *ward) { write(t, filepath.Join(w.data, ".keys.toml-123456789"), "half") }},

	{name: "no keys", harm: func(t *testing.T, w *ward) { noFault(t, os.Remove(w.keys())) }, want: one("keys", fails, "nobody could call", "tilgate key create")},
	{name: "all read the keys", harm: func(t *testing.T, w *ward) { noFault(t, os.Chmod(w.keys(), 0o644)) }, want: one("keys", warns, "others can read", "chmod 600")},
	{name: "all write the keys", harm: func(t *testing.T, w *ward) { noFault(t, os.Chmod(w.keys(), 0o622)) }, want: one("keys", fails, "others can write", "chmod 600")},
	{name: "the keys are garbage", harm: func(t *testing.T, w *ward) { write(t, w.keys(), "[[key]]\nname = \"x\"\n") }, want: one("keys", fails, "its hash is missing", "put it right")},

	{name: "the port is taken", harm: func(t *testing.T, w *ward) {
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		w.top = fmt.Sprintf("listen = %q\n", other.Listener.Addr())
	}, want: one("ports", fails, "is taken by another program", "listen")},
	{name: "the port is Tilgate's", harm: func(t *testing.T, w *ward) {
		own := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"info": {"title": "Tilgate"}}`) }))
		t.Cleanup(own.Close)
		w.top = fmt.Sprintf("listen = %q\n", own.Listener.Addr())
	}, want: one("ports", isWell, "Tilgate answers there", "")},
	{name: "another machine's address", harm: top("listen = \"192.0.2.1:8080\"\nproxies = [\"10.0.0.0/8\"]\nhosts = [\"a.example\"]\n"),
		want: one("ports", fails, "this machine has no such address", "ip address")},

	{name: "open to all", harm: top("listen = \"0.0.0.0:0\"\n"), want: []seen{
		{"network", warns, "cross the network for all to read", "[tls]"}, {"network", warns, "requests to any name are refused", "hosts"}}},
	{name: "a proxy that is not named", harm: top("hosts = [\"desk.example\"]\n"), want: one("network", warns, "desk.example is served on this machine alone", "proxies")},

	{name: "the certificate is over", harm: tlsRow("desk.example", -1), want: one("tls", fails, "ended on", "renew it")},
	{name: "the certificate is soon over", harm: tlsRow("desk.example", 7), want: one("tls", warns, "ends on", "renew it")},
	{name: "the certificate is for another", harm: tlsRow("other.example", 90), want: one("tls", warns, "is not for desk.example", "all names")},
	{name: "the certificate is not there", harm: func(t *testing.T, w *ward) {
		tlsRow("desk.example", 90)(t, w)
		noFault(t, os.Remove(filepath.Join(w.dir, "key.pem")))
	}, want: one("tls", fails, "no such file", "belong together")},
	{name: "the certificate's key is another's", harm: func(t *testing.T, w *ward) {
		tlsRow("desk.example", 90)(t, w)
		certify(t, TLSConfig{Cert: filepath.Join(w.dir, "other.pem"), Key: filepath.Join(w.dir, "key.pem")}, "x.example", time.Now().AddDate(0, 1, 0))
	}, want: one("tls", fails, "private key does not match", "belong together")},

	{name: "a language that nobody serves", harm: top("language = \"de\"\n"), want: one("languages", fails, "no adapter serves de", "tilgate lang list")},
	{name: "a broken language file", harm: func(t *testing.T, w *ward) {
		noFault(t, os.Mkdir(filepath.Join(w.dir, "languages"), 0o755))
		write(t, filepath.Join(w.dir, "languages", "ky.toml"), "tag = ")
		w.top = fmt.Sprintf("adapters = %q\n", filepath.Join(w.dir, "languages"))
	}, want: one("languages", fails, "ky", "tilgate lang check")},
	{name: "a broken list of trust", harm: func(t *testing.T, w *ward) { write(t, filepath.Join(w.data, "trust.toml"), "[[key]]\nname=3") },
		want: one("trust", fails, "trust.toml", "tilgate trust add")},
	{name: "a verdict of nobody", harm: func(t *testing.T, w *ward) {
		noFault(t, os.MkdirAll(filepath.Join(w.dir, "languages", "ky"), 0o755))
		write(t, filepath.Join(w.dir, "languages", "ky", "verdict.json"), "{}")
		text, err := os.ReadFile("../../adapters/languages/ky.toml")
		noFault(t, err)
		gated := strings.Replace(string(text), `kind     = "prompt_only"`, "kind     = \"full_model\"\nmodel = \"tiny\"\ngate = \"required\"", 1)
		write(t, filepath.Join(w.dir, "languages", "ky.toml"), gated)
		w.top = fmt.Sprintf("adapters = %q\n", filepath.Join(w.dir, "languages"))
	}, want: one("trust", warns, "the verdict on the weights of ky does not count", "tilgate eval gate")},
	{name: "no font", harm: func(_ *testing.T, w *ward) {
		w.d = func(d *patient) { d.command = func(string, ...string) (string, error) { return "", nil } }
	}, want: one("fonts", warns, "no font here writes Cyrl", "fonts-noto-core")},

	{name: "the documents are gone", harm: func(t *testing.T, w *ward) { noFault(t, os.Remove(filepath.Join(w.dir, "docs"))) },
		want: one("knowledge", fails, "docs: no such file", "bring it back")},
	{name: "a broken manifest", harm: func(t *testing.T, w *ward) { write(t, w.manifest, "nam = \"x\"\n") }, want: one("knowledge", fails, "nam: there is no such key", "kb sync --help")},

	{name: "the catalog is garbage", harm: func(t *testing.T, w *ward) {
		write(t, filepath.Join(w.data, "catalog.db"), strings.Repeat("garbage", 9999))
	},
		want: one("store", fails, "catalog.db", "see what it says")},
	{name: "vectors of no model", harm: vectors(4, "bge-m3"), want: one("store", warns, "holds vectors of bge-m3, and no embedding model", "ingest again")},
	{name: "vectors of another model", harm: func(t *testing.T, w *ward) {
		vectors(4, "bge-m3")(t, w)
		w.end = fmt.Sprintf("[embed]\nurl = %q\nmodel = \"e5\"\n", w.ollama.URL)
	}, want: one("store", warns, "holds vectors of bge-m3, not of e5", "ingest again")},
	{name: "vectors of another length", harm: func(t *testing.T, w *ward) {
		vectors(8, "bge-m3")(t, w)
		w.end = fmt.Sprintf("[embed]\nurl = %q\nmodel = \"bge-m3\"\n", w.ollama.URL)
	}, want: one("store", warns, "vectors of 8 numbers, and bge-m3 makes 4", "ingest again")},
	{name: "vectors as they should be", harm: func(t *testing.T, w *ward) {
		vectors(4, "bge-m3")(t, w)
		w.end = fmt.Sprintf("[embed]\nurl = %q\nmodel = \"bge-m3\"\n", w.ollama.URL)
	}, want: one("embedding", isWell, "vectors of 4 numbers", "")},
	{name: "no Qdrant", harm: end("[qdrant]\naddress = \"127.0.0.1:1\"\n"), want: one("store", fails, "Qdrant at 127.0.0.1:1 does not answer", "[qdrant] right; until then the service answers without documents")},

	{name: "no model server", harm: func(_ *testing.T, w *ward) { w.ollama.Close() }, want: one("models", fails, "the model server is not answering", "start it")},
	{name: "not an Ollama", harm: func(_ *testing.T, w *ward) { w.ollama.models = "<html>" }, want: one("models", fails, "", "put its url right")},
	{name: "no model", harm: func(_ *testing.T, w *ward) { w.ollama.models = "[]" }, want: one("models", fails, "has no model that answers", "ollama pull")},
	{name: "another model", harm: end("model = \"qwen3:8b\"\n"), want: one("models", fails, "has no model qwen3:8b", "ollama pull qwen3:8b, or name one of tiny:latest")},
	{name: "an old Ollama", harm: func(_ *testing.T, w *ward) { w.ollama.version = "0.5.9" }, want: one("models", warns, "is Ollama 0.5.9", "0.6.4 or later")},
	{name: "an alias of nothing", harm: end("[aliases]\ngpt-4 = \"llama9\"\n"), want: one("models", warns, "no model server has llama9", "aliases")},
	{name: "a model that is too large", harm: func(_ *testing.T, w *ward) {
		w.ollama.models = `[{"name": "tiny:latest", "size": 20000000000}]`
	}, want: one("memory", warns, "tiny:latest takes at most", "qwen3:8b would fit")},
	{name: "a machine that is too small", harm: func(_ *testing.T, w *ward) {
		w.d = func(d *patient) { d.machine = fit.Machine{Memory: 16e9, Limit: 1e9} }
	}, want: one("memory", warns, "a control group allows 1.0 GB", "no model")},

	{name: "no embedding model", harm: func(_ *testing.T, w *ward) {
		w.ollama.dimension = 0
		w.end = fmt.Sprintf("[embed]\nurl = %q\nmodel = \"bge-m3\"\n", w.ollama.URL)
	}, want: one("embedding", fails, "bge-m3", "take [embed] out")},
	{name: "no reranker", harm: end("[rerank]\nurl = \"" + nowhere + "\"\n"), want: one("rerank", fails, "does not answer", "take [rerank] out")},
	{name: "no Redis", harm: end("[redis]\nurl = \"redis://127.0.0.1:1\"\n"), want: one("redis", fails, "does not answer", "TILGATE_REDIS_PASSWORD")},
	{name: "no identity provider", harm: end("[oidc]\nissuer = \"" + nowhere + "\"\naudience = \"tilgate\"\n"), want: one("identity", fails, "does not describe itself", "jwks_file")},

	{name: "the ledger is garbage", harm: func(t *testing.T, w *ward) {
		noFault(t, os.Mkdir(filepath.Join(w.data, "ledger"), 0o700))
		write(t, filepath.Join(w.data, "ledger", "ledger.db"), strings.Repeat("garbage", 999))
	}, want: one("ledger", fails, "ledger", "see what it says")},
	{name: "no Postgres", harm: end("[ledger]\naddress = \"postgres://tilgate@127.0.0.1:1/tilgate\"\n"), want: one("ledger", fails, "", "TILGATE_LEDGER_PASSWORD")},
	{name: "the audit log was changed", harm: func(t *testing.T, w *ward) {
		folder := filepath.Join(w.dir, "audit")
		l, err := audit.Open(folder, audit.Options{Log: slog.New(slog.DiscardHandler)})
		noFault(t, err)
		l.Close()
		files, err := audit.Files(folder)
		noFault(t, err)
		text, err := os.ReadFile(files[0])
		noFault(t, err)
		write(t, files[0], strings.Replace(string(text), "opened", "closed", 1))
		w.end = fmt.Sprintf("[audit]\nfolder = %q\n", folder)
	}, want: one("audit", fails, "it was changed", "tilgate audit verify")},
}

// tlsRow serves HTTPS with a certificate that ends in so many days.
func tlsRow(name string, days int) func(*testing.T, *ward) {
	return func(t *testing.T, w *ward) {
		c := TLSConfig{Cert: filepath.Join(w.dir, "cert.pem"), Key: filepath.Join(w.dir, "key.pem")}
		certify(t, c, name, time.Now().AddDate(0, 0, days))
		noFault(t, os.Chmod(c.Key, 0o600))
		w.top = "listen = \"0.0.0.0:0\"\nhosts = [\"desk.example\"]\n"
		w.end = fmt.Sprintf("[tls]\ncert = %q\nkey = %q\n", c.Cert, c.Key)
	}
}

// vectors stores a knowledge base with dense vectors of a model.
func vectors(length uint64, model string) func(*testing.T, *ward) {
	return func(t *testing.T, w *ward) {
		e, err := engine.Open(w.data, engine.Options{})
		noFault(t, err)
		defer e.Close()
		client, err := e.Client()
		noFault(t, err)
		defer client.Close()
		noFault(t, client.CreateCollection(context.Background(), &pb.CreateCollection{CollectionName: "health@1",
			VectorsConfig: pb.NewVectorsConfigMap(map[string]*pb.VectorParams{"dense": {Size: length, Distance: pb.Distance_Cosine}}),
			Metadata:      map[string]*pb.Value{"model": pb.NewValueString(model)}}))
		noFault(t, client.CreateAlias(context.Background(), "health", "health@1"))
	}
}

// Who comes second to a folder that two machines have is told so, unless the
// first is gone.
func TestClaim(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	first := claim{Host: "box1", Kernel: "a", PID: 1}
	release, err := first.keep(t.Context(), dir, 10*time.Millisecond, 200*time.Millisecond, log)
	noFault(t, err)
	second := claim{Host: "box2", Kernel: "b", PID: 2}
	if _, err := second.keep(t.Context(), dir, 10*time.Millisecond, 20*time.Second, log); err == nil || !strings.Contains(err.Error(), "process 1 on the machine box1 serves from") {
		t.Errorf("%v", err)
	}
	release()
	if _, err := os.Stat(claimPath(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the claim was left: %v", err)
	}
	noFault(t, first.write(dir)) // as after a power cut
	release, err = second.keep(t.Context(), dir, 10*time.Millisecond, 100*time.Millisecond, log)
	noFault(t, err)
	release()
}
