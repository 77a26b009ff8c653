// Package evals asks many questions and scores the answers.
//
// This package holds the words. A Suite has Tasks, a Task has Items and
// Prompts; an Item in a Prompt is a Case, which a Run puts to Targets. What
// comes back is a Result with an Answer and its scores, and many of them make
// a Summary. Children read data sets, compute metrics, talk to servers and
// write reports. Nothing here knows how Tilgate finds or writes an answer, so
// that any system can be judged.
package evals

// A Doc is a document of a retrieval collection.
type Doc struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// A Question is asked about a collection.
type Question struct {
	ID      string   `json:"id"`
	Text    string   `json:"text"`
	Answers []string `json:"answers"` // gold answers, as they stand in the documents; may be empty
}

// A Collection is documents, questions, and which documents answer each.
type Collection struct {
	Docs      []Doc
	Questions []Question
	Relevant  map[string]map[string]int // question id to document id to grade; above 0 is relevant
}

// A Ranked is one document in the answer to a question.
type Ranked struct {
	Doc   string
	Score float64
}
