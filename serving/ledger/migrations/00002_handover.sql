-- +goose Up
CREATE TABLE handovers (
	id      TEXT PRIMARY KEY,
	tenant  TEXT NOT NULL,
	at      BIGINT NOT NULL,
	state   TEXT NOT NULL,
	contact TEXT NOT NULL,   -- in the form in which contacts are compared
	due     BIGINT NOT NULL, -- when staff are to be told of it; 0 if they need not be
	body    TEXT NOT NULL    -- all of it, as JSON
);
CREATE INDEX handovers_at ON handovers (tenant, at, id);
CREATE INDEX handovers_due ON handovers (due);

-- +goose Down
DROP TABLE handovers;
