package ledger

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tilgate/internal/lang"
	"tilgate/internal/wholefile"
)

// Questions are grouped by likeness. A question is the set of its words, each
// cut to its beginning, since that is what the forms of a word have in common;
// of pairs of characters where words are not parted. Its signature is a MinHash
// of that set: of two questions about as many numbers are the same as the sets
// share. A question belongs to the group with whose first one it shares the most
// numbers, if they are at least half.
//
// The hash is keyed with a secret of the folder, so that nobody who has only the
// database can find out whether something was asked.

const (
	sigSize  = 48 // numbers in a signature
	sigAlike = sigSize / 2
	bandSize = 2 // numbers in a band; those that share none are not compared
	wordHead = 5 // characters of a word that count
	mostText = 2000
)

// A signature is a MinHash of a question.
type signature [sigSize]uint32

// sign makes the signature of a question.
func sign(secret []byte, tag lang.Tag, text string) (s signature) {
	for i := range s {
		s[i] = math.MaxUint32
	}
	for _, feature := range features(tag, text) {
		mac := hmac.New(sha256.New, secret)
		io.WriteString(mac, feature)
		sum := mac.Sum(nil)
		a, b := binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])|1
		for i := range s {
			s[i] = min(s[i], uint32(mixed(a+uint64(i)*b)>>32))
		}
	}
	return s
}

// mixed spreads every bit over all (the finalizer of SplitMix64).
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// features are what a question is made of, each once.
func features(tag lang.Tag, text string) []string {
	units := lang.Units(tag, text)
	parted := lang.Parted(tag)
	for i, u := range units {
		switch runes := []rune(u); {
		case parted && len(runes) > wordHead:
			units[i] = string(runes[:wordHead])
		case !parted && i+1 < len(units):
			units[i] += units[i+1]
		}
	}
	slices.Sort(units)
	return slices.Compact(units)
}

func (s signature) alike(o signature) (n int) {
	for i := range s {
		if s[i] == o[i] {
			n++
		}
	}
	return n
}

func (s signature) String() string {
	raw := make([]byte, 0, 4*sigSize)
	for _, n := range s {
		raw = binary.BigEndian.AppendUint32(raw, n)
	}
	return hex.EncodeToString(raw)
}

// parseSignature reads what String writes.
func parseSignature(text string) (s signature, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != 4*sigSize {
		return s, fmt.Errorf("%.20q is no signature", text)
	}
	for i := range s {
		s[i] = binary.BigEndian.Uint32(raw[4*i:])
	}
	return s, nil
}

func (s signature) bands() []string {
	var list []string
	for i := 0; i < sigSize; i += bandSize {
		list = append(list, fmt.Sprintf("%d:%08x%08x", i, s[i], s[i+1]))
	}
	return list
}

// A questionRow is a question that nothing was found for, N times in a batch.
type questionRow struct {
	Tenant    string `json:"tenant"`
	Language  string `json:"language"`
	Signature string `json:"signature"`
	Text      string `json:"text,omitempty"`
	At        int64  `json:"at"` // in microseconds
	N         int64  `json:"n"`
}

// questionRows signs questions, and leaves out the text that may not be kept.
func questionRows(secret []byte, list []asked) []questionRow {
	var rows []questionRow
	for _, q := range list {
		row := questionRow{Tenant: label(q.tenant), Language: label(q.language), At: micros(q.at), N: 1,
			Signature: sign(secret, lang.Tag(q.language), clean(q.text, mostText)).String()}
		if q.keep {
			row.Text = clean(q.text, mostText)
		}
		i := slices.IndexFunc(rows, func(r questionRow) bool {
			return r.Tenant == row.Tenant && r.Language == row.Language && r.Signature == row.Signature
		})
		if i < 0 {
			rows = append(rows, row)
			continue
		}
		rows[i].N++
		rows[i].At = max(rows[i].At, row.At)
		rows[i].Text = cmp.Or(rows[i].Text, row.Text)
	}
	return rows
}

// put adds a question to the group that it is like, or begins one.
func (q questionRow) put(ctx context.Context, tx *sql.Tx) error {
	s, err := parseSignature(q.Signature)
	if err != nil {
		return err
	}
	group, err := q.group(ctx, tx, s)
	if err != nil {
		return err
	}
	begins := group == ""
	if begins {
		group = Labels{Tenant: q.Tenant, Language: q.Language, Model: q.Signature}.id()
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO questions (id, tenant, language, signature, n, first_at, last_at, sample)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (id) DO UPDATE SET n = questions.n + excluded.n,
		last_at = CASE WHEN excluded.last_at > questions.last_at THEN excluded.last_at ELSE questions.last_at END,
		sample = CASE WHEN questions.sample = '' THEN excluded.sample ELSE questions.sample END`,
		group, q.Tenant, q.Language, q.Signature, q.N, q.At, q.Text)
	if err != nil || !begins {
		return err
	}
	for _, band := range s.bands() {
		if _, err := tx.ExecContext(ctx, `INSERT INTO question_bands (tenant, language, band, question) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, q.Tenant, q.Language, band, group); err != nil {
			return err
		}
	}
	return nil
}

// group returns the group that a question is most like; empty if there is none.
func (q questionRow) group(ctx context.Context, tx *sql.Tx, s signature) (best string, err error) {
	args := []any{q.Tenant, q.Language}
	for _, band := range s.bands() {
		args = append(args, band)
	}
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT questions.id, questions.signature FROM question_bands
		JOIN questions ON questions.id = question_bands.question
		WHERE question_bands.tenant = $1 AND question_bands.language = $2 AND question_bands.band IN `+holders(2, sigSize/bandSize)+`
		ORDER BY questions.id LIMIT 200`, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	most := sigAlike - 1
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return "", err
		}
		if other, err := parseSignature(text); err == nil && s.alike(other) > most {
			best, most = id, s.alike(other)
		}
	}
	return best, rows.Err()
}

// secretFile holds what signatures are keyed with. Processes that share a
// database group their questions together if they share the file too.
const secretFile = "ledger.secret"

func secretIn(folder string) ([]byte, error) {
	path := filepath.Join(folder, secretFile)
	for {
		text, err := os.ReadFile(path)
		if err == nil {
			secret, err := hex.DecodeString(string(text))
			if err != nil || len(secret) != sha256.Size {
				return nil, fmt.Errorf("%s is damaged; remove it, and questions are grouped anew", path)
			}
			return secret, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		secret := make([]byte, sha256.Size)
		rand.Read(secret)
		if _, err := wholefile.Private(path, func(w io.Writer) error {
			_, err := io.WriteString(w, hex.EncodeToString(secret))
			return err
		}); err != nil {
			return nil, err
		}
	}
}

// A Question is a group of questions that are alike, to which the knowledge base
// had nothing.
type Question struct {
	ID       string    `json:"id"`
	Tenant   string    `json:"tenant"`
	Language string    `json:"language"`
	Count    int64     `json:"count"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Text     string    `json:"text,omitempty"` // one of them; empty unless a policy lets it be kept
}

// A QuestionQuery says which groups are wanted.
type QuestionQuery struct {
	Tenant   string // empty is all
	Language string // likewise
	Since    time.Time
	Limit    int // 0 means 100
}

// Unanswered returns groups of questions, the most frequent first.
func (r *Reader) Unanswered(ctx context.Context, q QuestionQuery) ([]Question, error) {
	since := int64(math.MinInt64)
	if !q.Since.IsZero() {
		since = micros(q.Since)
	}
	rows, err := r.db.QueryContext(ctx, `SELECT id, tenant, language, n, first_at, last_at, sample FROM questions
		WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR language = $2) AND last_at >= $3
		ORDER BY n DESC, last_at DESC, id LIMIT $4`, q.Tenant, q.Language, since, cmp.Or(q.Limit, 100))
	if err != nil {
		return nil, unreadable(err)
	}
	defer rows.Close()
	list := []Question{}
	for rows.Next() {
		var g Question
		var first, last int64
		if err := rows.Scan(&g.ID, &g.Tenant, &g.Language, &g.Count, &first, &last, &g.Text); err != nil {
			return nil, unreadable(err)
		}
		g.First, g.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
		list = append(list, g)
	}
	return list, unreadable(rows.Err())
}
