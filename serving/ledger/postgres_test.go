package ledger

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A postgres is a real server, in a folder of its own, on a socket there.
type postgres struct {
	dir, programs string
	cmd           *exec.Cmd
	made          int
}

// shared is one server for all tests that do not stop it.
var shared struct {
	sync.Mutex
	*postgres
}

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	code := m.Run()
	if shared.postgres != nil {
		shared.stop()
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// newDatabase returns the address of an empty database on the shared server.
func newDatabase(t testing.TB) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.postgres == nil {
		shared.postgres = newPostgres(t)
	}
	return shared.database(t)
}

// newPostgres starts a server. Its programs refuse to run as root.
func newPostgres(t testing.TB) *postgres {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Skip("there is no Postgres here: it is neither in /usr/lib/postgresql nor on the PATH")
	}
	dir, err := os.MkdirTemp("", "ledger-postgres")
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{dir: dir, programs: filepath.Dir(found[0])}
	if id := p.user(t); id != nil {
		if err := os.Chown(dir, int(id.Uid), int(id.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := p.command(t, "initdb", "-D", filepath.Join(dir, "data"), "-A", "trust", "-U", "tilgate", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	p.start(t)
	return p
}

// user is whom the server runs as; nil is who runs the test.
func (p *postgres) user(t testing.TB) *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("this is root, as which Postgres does not run, and there is no user postgres")
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (p *postgres) command(t testing.TB, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.programs, name), args...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.user(t)}
	return cmd
}

func (p *postgres) start(t testing.TB) {
	t.Helper()
	p.cmd = p.command(t, "postgres", "-D", filepath.Join(p.dir, "data"), "-k", p.dir, "-c", "listen_addresses=")
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last error
	for range 300 {
		if last = p.run("SELECT 1"); last == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.stop()
	t.Fatalf("Postgres does not answer: %v", last)
}

// stop ends the server at once, as a crash does.
func (p *postgres) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	_ = p.cmd.Wait()
}

func (p *postgres) database(t testing.TB) string {
	t.Helper()
	p.made++
	name := fmt.Sprintf("ledger%d", p.made)
	if err := p.run("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return p.address(name)
}

func (p *postgres) address(database string) string {
	return fmt.Sprintf("postgres://tilgate@/%s?host=%s", database, p.dir)
}

func (p *postgres) run(query string) error {
	db, err := openPostgres(Options{Address: p.address("postgres")})
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(query)
	return err
}
