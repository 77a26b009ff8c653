package gateway

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tilgate/serving"
)

// FuzzTilgatesOwn checks that no body panics, and that what is refused is
// refused in words.
func FuzzTilgatesOwn(f *testing.F) {
	f.Add([]byte(`{"query":"а","language":"ky-Cyrl","knowledge":["civil"],"k":5}`))
	f.Add([]byte(`{"input":["а","б"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var q serving.Search
		var texts []string
		err := fieldsOf(body, 100, func(d *decoder) table {
			return table{"query": d.line(&q.Query), "language": d.tag(&q.Language), "knowledge": d.knowledge(&q.Knowledge), "input": d.lines(&texts)}
		})
		switch {
		case err != nil:
			checkFault(t, err)
		case !utf8.ValidString(q.Query) || utf8.RuneCountInString(q.Query) > 100 || len(q.Knowledge) > maxKnowledge || len(texts) > mostTexts:
			t.Errorf("%s is read as %+v, %d texts", body, q, len(texts))
		}
	})
}

func manyNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Quote(strconv.Itoa(i))
	}
	return strings.Join(names, ",")
}

func TestTilgatesOwn(t *testing.T) {
	f := &fake{}
	addr, _ := start(t, f, Options{MaxQuestion: 20})
	for _, tt := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/v1/search", `{"query":"Туулганда?","language":"ky","knowledge":["civil","civil"],"k":5}`, 200, `{"language":{"tag":"ky","script":"Cyrl","confidence":0.98,"by":""},"passages":[{"n":1,"kb":"civil"`},
		{"POST", "/v1/search", `{"query":"Туулганда?","k":null}`, 200, `"passages":[`},
		{"POST", "/v1/search", `{"query":""}`, 400, "query is missing or empty"},
		{"POST", "/v1/search", `{"query":" \u200b"}`, 400, "query is missing or empty"},
		{"POST", "/v1/search", `{"query":"nowhere","knowledge":["x"]}`, 404, `"param":"knowledge"`},
		{"POST", "/v1/search", `{"query":["а"]}`, 400, "query must be a string"},
		{"POST", "/v1/search", `{"query":"а","language":5}`, 400, "language must be a string"},
		{"POST", "/v1/search", `{"query":"а","knowledge":"civil"}`, 400, "knowledge must be a list"},
		{"POST", "/v1/search", `{"query":"а","knowledge":[""]}`, 400, "knowledge[0] is empty"},
		{"POST", "/v1/search", `{"query":"а","knowledge":[` + manyNames(101) + `]}`, 400, "more than 100 knowledge bases"},
		{"POST", "/v1/search", `{"query":"а","k":"5"}`, 400, "k must be a whole number"},
		{"POST", "/v1/search", `{"query":"а","k":1.5}`, 400, "k must be a whole number"},
		{"POST", "/v1/search", `{"query":"а","k":99999999999999999999}`, 400, "k must be a whole number"},
		{"POST", "/v1/search", "{\"query\":\"\xff\"}", 400, "UTF-8"},
		{"POST", "/v1/search", `["а"]`, 400, "must be an object"},
		{"POST", "/v1/search", `{"query":"а","k":0}`, 400, "k must be a whole number from 1"},
		{"POST", "/v1/search", `{"query":"а","k":1000}`, 400, "the most is 100"},
		{"POST", "/v1/search", `{"query":"а","limit":3}`, 400, "there is no field"},
		{"POST", "/v1/search", `{"query":"а","Query":"б"}`, 400, "stands twice"},
		{"POST", "/v1/search", `{"query":"` + strings.Repeat("а", 21) + `"}`, 413, "21 characters long"},
		{"POST", "/v1/search", `{"query":"а","language":"кыргызча"}`, 400, "language: "},
		{"POST", "/v1/detect", `{"input":["а","б"]}`, 200, `{"data":[{"tag":"ky"`},
		{"POST", "/v1/detect", `{"input":"а"}`, 200, `{"data":[{"tag":"ky"`},
		{"POST", "/v1/detect", `{"input":[]}`, 400, "input is missing or empty"},
		{"POST", "/v1/detect", `{"input":[1]}`, 400, "input[0] must be a string"},
		{"POST", "/v1/detect", `{"input":[` + strings.Repeat(`"а",`, 256) + `"б"]}`, 400, "more than 256 texts"},
		{"GET", "/v1/languages", "", 200, `{"data":[{"tag":"ky","name":"Кыргызча"`},
		{"GET", "/v1/knowledge", "", 200, `{"data":[{"name":"civil","version":2,"documents":3,"passages":9,"languages":{"ky":3}}]}`},
	} {
		resp, body := send(t, tt.method, "http://"+addr+tt.path, tt.body)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s %.80s: %d %s, want %d %s", tt.path, tt.body, resp.StatusCode, body, tt.status, tt.says)
		}
		if tt.path == "/v1/search" && resp.StatusCode == 200 && strings.Contains(tt.body, "civil") && !reflect.DeepEqual(f.searched, serving.Search{Query: "Туулганда?", Language: "ky", Knowledge: []string{"civil"}, K: 5}) {
			t.Errorf("searched for %+v", f.searched)
		}
	}
}
