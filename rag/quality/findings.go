package quality

import (
	"cmp"
	"fmt"
	"slices"

	"tilgate/internal/personal"
	"tilgate/rag/read"
)

// findings are what a report says in words: by level, and within one those
// first that are about most documents.
func findings(r Report) []Finding {
	list := []Finding{}
	add := func(f Finding) {
		if f.Documents > 0 {
			list = append(list, f)
		}
	}
	if r.Documents == 0 && r.Faults.Count == 0 && r.Changes == (Changes{}) {
		return append(list, Finding{Missing, "nothing", "", 0, "No document was read.", "See whether the path is right, and whether the files have endings of formats that can be read."})
	}
	add(Finding{Missing, "faults", "faults", r.Faults.Count, count(r.Faults.Count, "file or document was", "files or documents were") + " not read.",
		"Correct what is said about each below, and ingest again."})
	add(Finding{Missing, "without_text", "notes", r.WithoutText.Documents, count(r.WithoutText.Documents, "document has", "documents have") + " no text.",
		"See what is said about their pages, and bring the text in another form, or leave them out."})
	for _, n := range r.Notes {
		add(ofNotes(n))
	}
	for _, f := range []Finding{misdeclared(r), unclear(r), same(r), alike(r), left(r)} {
		add(f)
	}
	if r.Superseded != nil {
		for _, f := range successionFindings(*r.Superseded) {
			add(f)
		}
	}
	if r.Personal != nil {
		for _, f := range r.Personal.Kinds {
			add(ofData(f))
		}
		add(Finding{Info, "sampled", "", r.Personal.Sampled, fmt.Sprintf("Only the first megabyte of %s was searched for personal data.", documents(r.Personal.Sampled)), ""})
	}
	add(Finding{Info, "removed", "", r.Changes.Removed, count(r.Changes.Removed, "document was", "documents were") + " removed from the knowledge base.",
		"If that is more than you expected, see whether all sources were there, and go back to the version before."})
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(place(a.Level)-place(b.Level), b.Documents-a.Documents)
	})
	return list
}

func place(l Level) int { return slices.Index([]Level{Missing, Check, Info}, l) }

// ofNotes is what the notes of a kind come to.
func ofNotes(n Notes) Finding {
	f := Finding{Level: Missing, Kind: string(n.Kind), Part: "notes", Documents: n.Documents}
	pages := fmt.Sprintf("%s of %s", count(n.Count, "page", "pages"), documents(n.Documents))
	switch n.Kind {
	case read.Scanned:
		f.Text = pages + are(n.Count, " is a picture, and what is on it", " are pictures, and what is on them") + " was not read."
		f.Do = "Install Tesseract with the data of the languages they are in, and ingest again."
	case read.LegacyFont:
		f.Text = fmt.Sprintf("In %s, text was left out that means nothing without its old font.", documents(n.Documents))
		f.Do = "Ask the authors for copies in Unicode, or have the pages read as pictures."
	case read.LeftOut:
		f.Text = fmt.Sprintf("Of %s, parts were left out.", documents(n.Documents))
		f.Do = "See below which parts; most are too large or broken."
	case read.Encoding:
		f.Level = Check
		f.Text = fmt.Sprintf("The encoding of %s was guessed or mended.", documents(n.Documents))
		f.Do = "Read some of them; if letters are wrong, save the files in UTF-8."
	case read.Recognised:
		f.Level = Check
		f.Text = pages + are(n.Count, " is a picture that a program has read.", " are pictures that a program has read.")
		f.Do = "Compare some of them with the original, numbers above all."
	case read.Empty:
		f.Level = Info
		f.Text = pages + are(n.Count, " is empty.", " are empty.")
	default:
		f.Level = Check
		f.Text = fmt.Sprintf("There are notes of the kind %q on %s.", n.Kind, documents(n.Documents))
	}
	return f
}

// misdeclared are documents in another language than was declared.
func misdeclared(r Report) Finding {
	n := 0
	for _, d := range r.Declared {
		if d.Differs {
			n += d.Documents
		}
	}
	return Finding{Check, "language", "declared", n, count(n, "document looks", "documents look") + " as if in another language than declared.",
		"Declare the right language, or none: nobody who asks in the right one finds them now."}
}

// unclear are documents of which nobody said and nobody could tell a language.
func unclear(r Report) Finding {
	n := 0
	for _, d := range r.Declared {
		if d.Declared == "" && d.Detected == "und" {
			n += d.Documents
		}
	}
	return Finding{Check, "unclear_language", "declared", n, "The language of " + documents(n) + " is not clear.", "Declare it."}
}

func same(r Report) Finding {
	n := r.Duplicates.Same.Documents
	return Finding{Check, "same", "duplicates", n, count(n, "document has", "documents have") + " the text of another.",
		"Keep one of each: answers cite the others as if they were further sources."}
}

func alike(r Report) Finding {
	n := r.Duplicates.Near.Documents
	return Finding{Check, "alike", "duplicates", n, count(n, "document is", "documents are") + " nearly like another.",
		"If one is an old edition, remove it, so that nobody is answered from it."}
}

func left(r Report) Finding {
	n := r.Duplicates.Left
	return Finding{Info, "not_compared", "", n, fmt.Sprintf("Duplicates were looked for among %s; %s not compared.", documents(r.Duplicates.Compared), count(n, "more was", "more were")), ""}
}

// ofData is what the personal data of a kind comes to.
func ofData(f Finds) Finding {
	text := fmt.Sprintf("%s stand in %s, %s in all.", capital(dataName(f.Kind)), documents(f.Documents), number(f.Count))
	switch f.Kind {
	case personal.Email, personal.Phone:
		return Finding{Info, f.Kind, "personal", f.Documents, text, "Those of offices can stay; those of citizens should go."}
	}
	return Finding{Check, f.Kind, "personal", f.Documents, text, "Remove them, or the documents: whoever can read the knowledge base can read them."}
}

// dataName is what people call a kind of personal data.
func dataName(kind string) string {
	switch kind {
	case personal.NationalID:
		return "national numbers of people"
	case personal.Passport:
		return "passport numbers"
	case personal.Phone:
		return "telephone numbers"
	case personal.Card:
		return "bank card numbers"
	case personal.IBAN:
		return "bank accounts (IBAN)"
	case personal.Email:
		return "e-mail addresses"
	}
	return kind
}
