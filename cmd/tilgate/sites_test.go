package main

import (
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tilgate/serving"
)

// TestSites has two countries share capacity as deploy/sites describes it: two
// Tilgates as processes, each with a model server of its own, and a network
// between them that is delayed, cut and swallowed while callers ask all the time.
// What is bound to a country never leaves it; what is not is answered by the
// other one where its own cannot; nothing ends without a word; what was answered
// is on record once; and what changes in the laws while they are cut off is known
// when they are not.
func TestSites(t *testing.T) {
	w := newSitesWorld(t)
	kg := w.sites["kg"]
	stop := w.askAll()
	w.nearest()
	w.ownDown()
	w.goesOn("it is cut", linkState{cut: true})
	w.goesOn("it is swallowed", linkState{hole: true})
	w.law()
	w.link.set(linkState{delay: 20 * time.Millisecond, rate: 20_000})
	kg.wait(t, "tilgate_backend_up", "kz", "1")
	time.Sleep(time.Second)
	stop()
	w.check()
}

// nearest wants that what can be answered here is.
func (w *sitesWorld) nearest() {
	w.link.set(linkState{delay: 30 * time.Millisecond})
	before := w.sites["kz"].model.count("freekg")
	time.Sleep(2 * time.Second)
	if n := w.sites["kz"].model.count("freekg") - before; n != 0 {
		w.t.Errorf("%d requests that could be answered at kg were answered at kz", n)
	}
	if w.sites["kg"].model.count("freekg") < 5 {
		w.t.Errorf("only %d were asked at kg", w.sites["kg"].model.count("freekg"))
	}
}

// ownDown stops kg's model server: what may go to kz does, and comes back; what
// may not is refused, or quoted from the laws.
func (w *sitesWorld) ownDown() {
	t, kg, kz := w.t, w.sites["kg"], w.sites["kz"]
	kg.model.stop()
	kg.wait(t, "tilgate_backend_up", "gpu", "0")
	before := kz.model.count("freekg")
	plain, auto := bodyOf("m", "bound", false), bodyOf("auto:ky", "bound", false)
	if code, text := kg.as("ministry").post(t, plain); code != 503 {
		t.Errorf("bound to kg, which is down: %d %s", code, text)
	}
	code, text := kg.as("ministry").post(t, auto)
	if a := parseAnswer(t, text); code != 200 || a.Tilgate.Degraded != serving.NoModel || !strings.Contains(a.message().Content, "58") {
		t.Errorf("auto, bound to kg, which is down: %d %s", code, text)
	}
	code, text = kg.as("school").post(t, bodyOf("auto:ky", "freekg", false))
	if a := parseAnswer(t, text); code != 200 || a.Tilgate.Degraded != "" || a.Tilgate.Model != "m" {
		t.Errorf("auto, that may go to kz: %d %s", code, text)
	}
	if code, text := kg.as("school").post(t, bodyOf("m", "freekg", false)); code != 200 || parseAnswer(t, text).Usage.Total != 5 {
		t.Errorf("a plain model, that may go to kz: %d %s", code, text)
	}
	time.Sleep(time.Second)
	if kz.model.count("freekg")-before < 4 {
		t.Errorf("only %d requests came to kz", kz.model.count("freekg")-before)
	}
	kg.model.start(t)
	kg.wait(t, "tilgate_backend_up", "gpu", "1")
	kg.wait(t, "tilgate_backend_open", "gpu", "0")
	before, here := kz.model.count("freekg"), kg.model.count("freekg")
	time.Sleep(time.Second)
	if came, n := kz.model.count("freekg")-before, kg.model.count("freekg")-here; came > 1 || n < 2 { // one may have been on its way
		t.Errorf("kg is back, but %d requests came to kz, and %d to kg", came, n)
	}
}

// goesOn has kz answer for kg, and something happen to the network then.
func (w *sitesWorld) goesOn(what string, to linkState) {
	t, kg, kz := w.t, w.sites["kg"], w.sites["kz"]
	kg.model.stop()
	kg.wait(t, "tilgate_backend_up", "gpu", "0")
	kz.model.pace.Store(int64(400 * time.Millisecond))
	words, began := 0, time.Time{}
	text := kg.as("school").stream(t, bodyOf("auto:ky", "long", true), func(line string) {
		if !strings.Contains(line, `"content":"`) || strings.Contains(line, `"content":""`) {
			return
		}
		if words++; words == 1 {
			kg.model.start(t)
			kg.wait(t, "tilgate_backend_up", "gpu", "1")
			w.link.set(to)
			began = time.Now()
		}
	})
	a := joinChunks(t, []byte(text))
	if a.Error != nil || a.Tilgate.Degraded != serving.Continued || a.message().Content != said {
		t.Errorf("when %s, an answer to auto is not gone on with: %+v\n%s", what, a.Error, text)
	}
	t.Logf("when %s, kg went on with the answer and ended it after %v", what, time.Since(began).Round(100*time.Millisecond))
	kz.model.pace.Store(0)
	w.link.set(linkState{delay: 5 * time.Millisecond})
	kg.wait(t, "tilgate_backend_up", "kz", "1")
	kg.wait(t, "tilgate_backend_open", "gpu", "0")
}

// law changes what the law says while kz cannot read it.
func (w *sitesWorld) law() {
	kg, kz := w.sites["kg"], w.sites["kz"]
	w.link.set(linkState{cut: true})
	after := "Аялдар эми 60 жаштан, эркектер 65 жаштан пенсияга чыгат. Пенсия ай сайын төлөнөт."
	w.says.Store(&after)
	w.finds(kg, "60 жаштан", true)
	time.Sleep(3 * time.Second) // in which kz tries and fails
	if text := string(kz.search(w.t)); !strings.Contains(text, "58 жаштан") || strings.Contains(text, "60 жаштан") {
		w.t.Errorf("cut off, kz finds %s", text)
	}
	w.link.set(linkState{})
	w.finds(kz, "60 жаштан", true)
	w.finds(kz, "58 жаштан", false)
}

// askAll has callers of both sites ask until stop is called.
func (w *sitesWorld) askAll() (stop func()) {
	end := make(chan struct{})
	var group sync.WaitGroup
	for _, s := range w.sites {
		for key, who := range map[string]string{"ministry": "bound", "school": "free"} {
			c := &caller{site: s, key: key, who: who + s.name, got: map[string]bool{}, how: map[int]int{}}
			w.asking = append(w.asking, c)
			group.Go(func() { c.ask(w.t, end) })
		}
	}
	return func() {
		close(end)
		group.Wait()
	}
}

// check holds what callers got against the records.
func (w *sitesWorld) check() {
	t := w.t
	if n := w.link.sawBad(); n != 0 {
		t.Errorf("what is bound to a country went over the link between them %d times", n)
	}
	for _, s := range w.sites {
		s.process.Process.Signal(syscall.SIGTERM)
		if err := s.process.Wait(); err != nil {
			t.Errorf("%s does not end well: %v", s.name, err)
		}
		if code, out, errOut := tilgate(t, "audit", "verify", "--config", s.config); code != 0 {
			t.Errorf("the audit log of %s: %s%s", s.name, out, errOut)
		}
		records := auditOf(t, s)
		for _, c := range w.asking {
			if c.site != s {
				continue
			}
			for id := range c.got {
				if e := records[id]; len(e) != 1 || e[0].Caller != c.key || e[0].Outcome != "ok" {
					t.Errorf("%s at %s was answered, and is on record as %+v", id, s.name, e)
				}
			}
			t.Logf("%s at %s: %d answered whole; by status %v; longest %v", c.key, s.name, len(c.got), c.how, c.longest.Round(time.Millisecond))
			if len(c.got) < 20 {
				t.Errorf("%s at %s: too little happened", c.key, s.name)
			}
		}
		usedAsRecorded(t, s, records)
		if s.name == "kz" && callsOf(records, "kg") < 4 {
			t.Errorf("kz has on record that kg asked %d times", callsOf(records, "kg"))
		}
	}
}
