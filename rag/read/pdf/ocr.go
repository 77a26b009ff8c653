package pdf

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// An ocr reads pictures with the command tesseract.
type ocr struct {
	command string
	limit   time.Duration // for a page
	tags    []lang.Tag
	find    func() []string // the codes of the languages that are installed, found once
}

// newOCR returns nil if there is no command.
func newOCR(command string, limit time.Duration, tags []lang.Tag) *ocr {
	if command == "" {
		command = "tesseract"
		if _, err := exec.LookPath(command); err != nil {
			return nil
		}
	}
	o := &ocr{command: command, limit: limit, tags: tags}
	o.find = sync.OnceValue(o.installed)
	return o
}

// installed asks the command for its languages. The first line of its answer is
// a title.
func (o *ocr) installed() []string {
	ctx, cancel := context.WithTimeout(context.Background(), o.limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, o.command, "--list-langs").Output()
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return slices.DeleteFunc(lines[1:], func(code string) bool { return code == "osd" || code == "equ" })
}

// languages returns what to read a file with that says it is in hint, and an
// error that says what is missing.
func (o *ocr) languages(hint lang.Tag) (string, error) {
	installed := o.find()
	var codes, missing []string
	for _, tag := range append([]lang.Tag{hint}, o.tags...) {
		if tag == "" || tag == lang.Und {
			continue
		}
		code := tesseractCode(tag)
		if slices.Contains(codes, code) {
			continue
		}
		if code != "" && slices.Contains(installed, code) {
			codes = append(codes, code)
		} else {
			missing = append(missing, string(tag))
		}
	}
	const most = 4 // more take long, and mislead each other
	switch {
	case len(codes) > 0:
		return strings.Join(codes[:min(len(codes), most)], "+"), nil
	case len(missing) > 0:
		return "", fault.Unavailable.Errorf("%s has no data for %s; install it", o.command, strings.Join(missing, ", "))
	case len(installed) == 0:
		return "", fault.Unavailable.Errorf("%s has no languages; install their data", o.command)
	case len(installed) > most:
		return "", fault.Invalid.Errorf("say which languages the documents are in")
	}
	return strings.Join(installed, "+"), nil
}

// read reads a picture in languages that it has.
func (o *ocr) read(ctx context.Context, picture *image.Gray, languages string) (string, error) {
	var in bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&in, picture); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.command, "stdin", "stdout", "-l", languages, "--dpi", fmt.Sprint(dpi))
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	cmd.Stdin = &in
	out := &limited{left: maxOCR}
	cmd.Stdout = out
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fault.Timeout.Errorf("reading it with %s takes over %s", o.command, o.limit)
		}
		return "", fmt.Errorf("%s: %w", o.command, err)
	}
	return strings.TrimSpace(strings.ToValidUTF8(out.String(), "\uFFFD")), nil
}

// maxOCR is how many bytes of text one picture may have.
const maxOCR = 1 << 20

// limited keeps the beginning of what is written to it.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.Buffer.Write(p[:n])
	return len(p), nil
}

// dpi is how finely pages are painted for OCR.
const dpi = 300

// maxPixels is how large a picture of a page may be: A3 at 300 dpi has 17
// million.
const maxPixels = 24 << 20

// picture paints a page in shades of gray.
func (g *guest) picture(doc uint64, n int) (*image.Gray, error) {
	page := g.call("FPDF_LoadPage", doc, uint64(n))
	if page == 0 {
		return nil, fault.Invalid.Errorf("it is broken")
	}
	defer g.call("FPDF_ClosePage", page)
	width, height := 612.0, 792.0
	if g.ok("FPDF_GetPageSizeByIndexF", doc, uint64(n), g.scratch) {
		f := g.floats(2)
		width, height = max(f[0], 1), max(f[1], 1)
	}
	w, h := pixels(width, height)
	const gray, grayscale = 1, 0x08
	bitmap := g.call("FPDFBitmap_CreateEx", uint64(w), uint64(h), gray, 0, 0)
	if bitmap == 0 {
		return nil, fault.TooLarge.Errorf("its picture takes too much memory")
	}
	defer g.call("FPDFBitmap_Destroy", bitmap)
	g.call("FPDFBitmap_FillRect", bitmap, 0, 0, uint64(w), uint64(h), 0xFFFFFFFF)
	g.call("FPDF_RenderPageBitmap", bitmap, page, 0, 0, uint64(w), uint64(h), 0, grayscale)
	at, stride := g.call("FPDFBitmap_GetBuffer", bitmap), g.int("FPDFBitmap_GetStride", bitmap)
	data, ok := g.module.Memory().Read(uint32(at), uint32(stride*h))
	if g.err != nil || !ok {
		return nil, fault.TooLarge.Errorf("its picture takes too much memory")
	}
	return &image.Gray{Pix: bytes.Clone(data), Stride: stride, Rect: image.Rect(0, 0, w, h)}, nil
}

// pixels is the size of the picture of a page of so many points.
func pixels(width, height float64) (w, h int) {
	scale := dpi / 72.0
	for width*height*scale*scale > maxPixels {
		scale *= 0.9
	}
	const longest = 20_000
	return min(max(int(width*scale), 1), longest), min(max(int(height*scale), 1), longest)
}
