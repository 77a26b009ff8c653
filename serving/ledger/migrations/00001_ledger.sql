-- +goose Up
-- Both databases take all of this. Times are microseconds since 1970, in UTC.
CREATE TABLE writers (
	id  TEXT PRIMARY KEY,
	seq BIGINT NOT NULL, -- of its last batch that is here
	at  BIGINT NOT NULL
);
CREATE TABLE usage (
	id                TEXT PRIMARY KEY, -- of the labels
	day               TEXT NOT NULL,
	tenant            TEXT NOT NULL,
	caller            TEXT NOT NULL,
	language          TEXT NOT NULL,
	adapter           TEXT NOT NULL,
	model             TEXT NOT NULL,
	degraded          TEXT NOT NULL,
	requests          BIGINT NOT NULL,
	questions         BIGINT NOT NULL,
	answers           BIGINT NOT NULL,
	cached            BIGINT NOT NULL,
	fallbacks         BIGINT NOT NULL,
	refusals          BIGINT NOT NULL,
	failures          BIGINT NOT NULL,
	guard_steps       BIGINT NOT NULL,
	prompt_tokens     BIGINT NOT NULL,
	completion_tokens BIGINT NOT NULL,
	characters        BIGINT NOT NULL
);
CREATE INDEX usage_day ON usage (day);
CREATE TABLE usage_times (
	cell TEXT NOT NULL,   -- of usage
	kind TEXT NOT NULL,   -- 'total', or 'first' to the first text
	ms   BIGINT NOT NULL, -- durations up to so many milliseconds; 0 is beyond all
	n    BIGINT NOT NULL,
	PRIMARY KEY (cell, kind, ms)
);
CREATE TABLE questions (
	id        TEXT PRIMARY KEY, -- of the first question of the group
	tenant    TEXT NOT NULL,
	language  TEXT NOT NULL,
	signature TEXT NOT NULL,
	n         BIGINT NOT NULL,
	first_at  BIGINT NOT NULL,
	last_at   BIGINT NOT NULL,
	sample    TEXT NOT NULL -- one of them, if a policy lets it be kept
);
CREATE INDEX questions_last ON questions (tenant, last_at);
CREATE TABLE question_bands (
	tenant   TEXT NOT NULL,
	language TEXT NOT NULL,
	band     TEXT NOT NULL,
	question TEXT NOT NULL,
	PRIMARY KEY (tenant, language, band, question)
);
CREATE INDEX question_bands_question ON question_bands (question);
CREATE TABLE feedback (
	tenant       TEXT NOT NULL,
	id           TEXT NOT NULL,
	at           BIGINT NOT NULL,
	state        TEXT NOT NULL,
	person       TEXT NOT NULL,
	conversation TEXT NOT NULL,
	body         TEXT NOT NULL, -- all of it, as JSON
	PRIMARY KEY (tenant, id)
);
CREATE INDEX feedback_at ON feedback (at, id);
CREATE INDEX feedback_person ON feedback (tenant, person);
CREATE INDEX feedback_conversation ON feedback (tenant, conversation);
CREATE TABLE erased (
	who TEXT PRIMARY KEY, -- a hash
	at  BIGINT NOT NULL
);
CREATE TABLE heads (
	chain TEXT PRIMARY KEY,
	n     BIGINT NOT NULL,
	hash  TEXT NOT NULL,
	at    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE heads;
DROP TABLE erased;
DROP TABLE feedback;
DROP TABLE question_bands;
DROP TABLE questions;
DROP TABLE usage_times;
DROP TABLE usage;
DROP TABLE writers;
