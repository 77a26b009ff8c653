package ledger

import (
	"strings"
	"testing"

	"tilgate/internal/lang"
	"tilgate/serving"
)

func TestAlike(t *testing.T) {
	secret := []byte("secret")
	for _, tt := range []struct {
		tag  lang.Tag
		a, b string
		want bool
	}{
		{"ky", "Жаңы паспорт алуу үчүн кайда барам?", "жаңы паспорт алуу үчүн кайда барам", true},
		{"ky", "Жаңы паспорт алуу үчүн кайда барам?", "Жаңы паспортту алуу үчүн кайда барамын?", true}, // other forms
		{"ky", "Жаңы паспорт алуу үчүн кайда барам?", "Жаңы паспорт алуу үчүн кайда барам эми?", true},
		{"ky", "Жаңы паспорт алуу үчүн кайда барам?", "Бала бакчага кезекке кантип турам?", false},
		{"en", "Where do I renew my driving licence?", "where do i renew a driving licence", true},
		{"en", "Where do I renew my driving licence?", "Where do I pay for water?", false},
		{"th", "ต่อใบขับขี่ได้ที่ไหน", "ต่อใบขับขี่ได้ที่ไหนครับ", true},
		{"th", "ต่อใบขับขี่ได้ที่ไหน", "จ่ายค่าน้ำประปาอย่างไร", false},
		{"ur", "نیا پاسپورٹ کہاں سے ملے گا؟", "نیا پاسپورٹ کہاں ملے گا", true},
		{"ur", "نیا پاسپورٹ کہاں سے ملے گا؟", "بجلی کا بل کیسے جمع کروں؟", false},
	} {
		n := sign(secret, tt.tag, tt.a).alike(sign(secret, tt.tag, tt.b))
		if (n >= sigAlike) != tt.want {
			t.Errorf("%s: %q and %q share %d of %d numbers, alike is %v", tt.tag, tt.a, tt.b, n, sigSize, tt.want)
		}
	}
	if sign(secret, "ky", "паспорт") == sign([]byte("other"), "ky", "паспорт") {
		t.Error("the signature needs no secret")
	}
}

// asking is an exchange in which nothing was found.
func asking(tenant, text string, keep bool) serving.Exchange {
	return changed(func(x *serving.Exchange) {
		x.Caller = serving.Caller{Name: "registry", Tenant: tenant, Scope: &serving.Scope{Policy: serving.Policy{LogText: keep}}}
		x.Question, x.Plan.Degraded = text, serving.NotFound
	})
}

func TestUnanswered(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		const passport, secret = "Жаңы паспорт алуу үчүн кайда барам?", "Кошунам Асан уулу эмне үчүн камалды?"
		for _, x := range []serving.Exchange{
			asking("moh", passport, false),
			asking("moh", passport, true),
			asking("moh", "Жаңы паспортту алуу үчүн кайда барамын", true),
			asking("moh", secret, false),
			asking("moe", passport, false),
			answered(),
			changed(func(x *serving.Exchange) { x.Question = "Бала бакчага кантип жазылам?" }), // and was answered
		} {
			l.Record(t.Context(), x)
			settled(t, l) // each in a batch of its own
		}
		list, err := l.Unanswered(t.Context(), QuestionQuery{Tenant: "moh"})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[0].Count != 3 || list[0].Text != passport || list[0].Language != "ky" || list[1].Count != 1 || list[1].Text != "" {
			t.Errorf("groups %+v", list)
		}
		if list, err = l.Unanswered(t.Context(), QuestionQuery{Tenant: "moe"}); err != nil || len(list) != 1 || list[0].Text != "" {
			t.Errorf("another tenant's %+v %v", list, err)
		}
		if list, err = l.Unanswered(t.Context(), QuestionQuery{Since: noon.AddDate(0, 0, 1)}); err != nil || len(list) != 0 {
			t.Errorf("since tomorrow: %+v %v", list, err)
		}
		if o.Address == "" {
			l.Close()
			if file := holding(t, o.Folder, "Асан"); file != "" {
				t.Errorf("%s holds words that no policy lets be kept", file)
			}
		}
	})
}

// Strangers who ask anything fill no table.
func TestMostGroups(t *testing.T) {
	l := open(t, options(t))
	settled(t, l)
	if _, err := l.db.Exec(`INSERT INTO questions (id, tenant, language, signature, n, first_at, last_at, sample)
		WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM i WHERE i < $1) SELECT CAST(i AS TEXT), 't', 'ky', '', 1 + i % 2, 0, i, '' FROM i`, mostGroups+100); err != nil {
		t.Fatal(err)
	}
	if err := l.db.tidy(t.Context(), keepCases); err != nil {
		t.Fatal(err)
	}
	var n, often int
	if err := l.db.QueryRow(`SELECT count(*), sum(n = 2) FROM questions`).Scan(&n, &often); err != nil || n != mostGroups || often != (mostGroups+100)/2 {
		t.Errorf("%d groups, %d of those asked twice: %v", n, often, err)
	}
}

func FuzzSign(f *testing.F) {
	f.Add("ky", "Жаңы паспорт?")
	f.Add("th", "ต่อใบขับขี่")
	f.Add("my", "\xe1\x80\x00")
	f.Fuzz(func(t *testing.T, tag, text string) {
		s := sign(nil, lang.Tag(tag), clean(text, mostText))
		back, err := parseSignature(s.String())
		if err != nil || back != s || len(strings.Join(s.bands(), "")) == 0 {
			t.Errorf("%v: %v", s, err)
		}
	})
}
