package upkeep

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tilgate/internal/wholefile"
	"tilgate/rag"
	"tilgate/rag/quality"
)

// Kept says where a quality report lies.
type Kept struct {
	JSON string `json:"json,omitempty"`
	HTML string `json:"html,omitempty"`
}

// keptReports is how many reports of a knowledge base are kept.
const keptReports = 20

// ReportFolder is where the quality reports of a knowledge base lie.
func ReportFolder(data, tenant, kb string) string {
	return filepath.Join(data, "reports", rag.TenantOf(tenant), kb)
}

func (j Job) keepReport(r quality.Report, began time.Time) (k Kept, err error) {
	if j.Data == "" {
		return k, nil
	}
	dir := ReportFolder(j.Data, j.Manifest.Tenant, j.Manifest.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return k, fmt.Errorf("keeping the quality report: %w", err)
	}
	name := filepath.Join(dir, began.UTC().Format("2006-01-02T15-04-05.000"))
	k = Kept{name + ".json", name + ".html"}
	_, err = wholefile.Private(k.JSON, func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(r)
	})
	if err == nil {
		_, err = wholefile.Private(k.HTML, r.HTML)
	}
	if err != nil {
		return Kept{}, fmt.Errorf("keeping the quality report: %w", err)
	}
	return k, prune(dir)
}

// prune removes the oldest reports beyond those that are kept.
func prune(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names[:max(0, len(names)-keptReports)] {
		for _, old := range []string{name, strings.TrimSuffix(name, ".json") + ".html"} {
			if err := os.Remove(old); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	return nil
}
