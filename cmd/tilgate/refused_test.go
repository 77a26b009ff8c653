package main

import (
	"strings"
	"testing"
)

// refused shows what is wrong with requests, in the words of the error.
func refused(t *testing.T, s *service) {
	for _, tt := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no JSON", `{"model": "auto", "messages": [`, 400, `"type":"invalid_request_error"`},
		{"nothing", ``, 400, `"type":"invalid_request_error"`},
		{"a list", `[]`, 400, `"type":"invalid_request_error"`},
		{"messages of another type", `{"model":"auto","messages":"hello"}`, 400, `messages`},
		{"content of another type", `{"model":"auto","messages":[{"role":"user","content":7}]}`, 400, `messages[0].content`},
		{"temperature of another type", `{"model":"auto","temperature":"hot","messages":[{"role":"user","content":"Hi"}]}`, 400, `temperature`},
		{"no messages", `{"model":"auto"}`, 400, `messages`},
		{"empty messages", `{"model":"auto","messages":[]}`, 400, `messages`},
		{"an empty question", chatBody("auto", " \n", false), 400, `messages`},
		{"no question of the user", `{"model":"auto","messages":[{"role":"assistant","content":"Hi"}]}`, 400, `messages`},
		{"an unknown model", chatBody("gpt-9", "Hi", false), 404, `gpt-9`},
		{"no model", `{"messages":[{"role":"user","content":"Hi"}]}`, 400, `model`},
		{"an unknown knowledge base", `{"model":"auto","tilgate":{"knowledge":["laws"]},"messages":[{"role":"user","content":"How much is a passport?"}]}`, 404, `there is no knowledge base \"laws\"`},
		{"a megabyte", chatBody("auto", strings.Repeat("паспорт ", 1<<16), false), 413, `"too_large"`},
		{"bytes that are no UTF-8", chatBody("auto", "Kann ich", false)[:60] + "\xff\xfe\"}]}", 400, `UTF-8`},
		{"a German question", chatBody("auto", "Was kostet die Verlängerung des Reisepasses, und wohin muss ich dafür gehen?", false), 422, `no adapter serves de; served are: am, ar, az, ba, bn, ckb, cs, en, `},
		{"auto:de", chatBody("auto:de", "Reisepass", false), 422, `no adapter serves de`},
		{"a named language", `{"model":"auto","tilgate":{"language":"de"},"messages":[{"role":"user","content":"Reisepass"}]}`, 422, `"tilgate.language"`},
		{"a language that is no tag", `{"model":"auto","tilgate":{"language":"français"},"messages":[{"role":"user","content":"passeport"}]}`, 400, `"tilgate.language"`},
	} {
		for _, stream := range []string{"", `"stream":true,`} {
			body := tt.body
			if stream != "" {
				body = strings.Replace(strings.Replace(body, `,"stream":false`, "", 1), "{", "{"+stream, 1)
			}
			status, got := s.post(t, body)
			if status != tt.status || !strings.Contains(string(got), tt.want) || !strings.HasPrefix(string(got), `{"error":{"message":"`) {
				t.Errorf("%s: %d %s, want %d with %s", tt.name, status, got, tt.status, tt.want)
			}
		}
	}
}

// strangers have no key, call us by another's name, or come from another page.
func strangers(t *testing.T, s *service) {
	ask := chatBody("auto", demoQuestion, false)
	for _, tt := range []struct {
		name   string
		header []string
		status int
	}{
		{"no key", []string{"Authorization", ""}, 401},
		{"a wrong key", []string{"Authorization", "Bearer tg-wrong"}, 401},
		{"the key in another scheme", []string{"Authorization", "Basic " + s.key}, 401},
		{"a foreign host", []string{"Host", "evil.example"}, 403},
		{"a foreign page", []string{"Origin", "https://evil.example"}, 403},
		{"a page of no origin", []string{"Origin", "null"}, 403},
		{"our own page", []string{"Origin", s.base}, 200},
		{"localhost", []string{"Host", "localhost"}, 200},
	} {
		if status, got := s.post(t, ask, tt.header...); status != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, status, got, tt.status)
		}
	}
}
