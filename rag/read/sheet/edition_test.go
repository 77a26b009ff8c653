package sheet

import (
	"fmt"
	"strings"
	"testing"
)

func TestEdition(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		o          Options
	}{
		{"Вопрос,Ответ,Редакция,Заменяет,Заменён\nЦена?,40 сом,2024,\"a\nb\",c\n", "2024|a;b|c", Options{}},
		{"Q,A,Edition,Replaces,Replaced by\nPrice?,40,3rd,a,\n", "3rd|a|", Options{}},
		{"Q,A,X,Y,Z\nPrice?,40,3rd,a,c\n", "3rd|a|c", Options{Edition: "x", Replaces: "D", ReplacedBy: "z"}},
		{"Q,A\nPrice?,40\n", "||", Options{}},
	} {
		items, faults := all(CSV(tt.o), file("a.csv", tt.text))
		if len(items) != 1 || len(faults) > 0 {
			t.Errorf("%q: %v, %q", tt.text, items, faults)
			continue
		}
		if got := fmt.Sprintf("%s|%s|%s", items[0].Edition, strings.Join(items[0].Replaces, ";"), items[0].ReplacedBy); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}
