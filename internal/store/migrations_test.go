package store

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// added is what a migration may do: while instances are upgraded one after the
// other, those of the release before work on the new tables. What nobody uses
// any more is dropped a release later, and then gets its line here.
var added = regexp.MustCompile(`^(CREATE TABLE |CREATE (UNIQUE )?INDEX |ALTER TABLE \w+ ADD COLUMN .*( DEFAULT |NULL$))`)

func TestMigrationsOnlyAdd(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*/*.sql")
	if err != nil || len(files) < 6 {
		t.Fatalf("the migrations are %v, %v", files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "/00001_tables.sql") {
			continue
		}
		content, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range onlyStatements(string(content)) {
			if !added.MatchString(statement) || strings.Contains(statement, "NOT NULL") && strings.HasPrefix(statement, "ALTER") && !strings.Contains(statement, "DEFAULT") {
				t.Errorf("%s: an older program may not work any more after: %s", file, statement)
			}
		}
	}
}

var sqlComment = regexp.MustCompile(`--.*`)

// onlyStatements gives each on one line.
func onlyStatements(content string) (all []string) {
	for statement := range strings.SplitSeq(sqlComment.ReplaceAllString(content, ""), ";") {
		if statement = strings.Join(strings.Fields(statement), " "); statement != "" {
			all = append(all, statement)
		}
	}
	return all
}
