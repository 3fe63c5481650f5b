package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"darkroom"

	"github.com/go-json-experiment/json/jsontext"
)

// maxJSONDepth is far above what any option needs.
const maxJSONDepth = 32

// checkJSON reports what is wrong with a body that should be one JSON object.
// encoding/json alone is too kind: it replaces invalid UTF-8 and lone
// surrogates, and takes numbers that no type can hold. A name that is given
// twice is fine: the last one counts, here as in json.Unmarshal.
//
// The messages give a position and never quote the body.
func checkJSON(body []byte) error {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return malformed("The body begins with a byte order mark", "Send plain UTF-8")
	case len(bytes.TrimSpace(body)) == 0:
		return malformed("The body is empty", "Send a JSON object")
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if decoder.PeekKind() != '{' {
		return malformed("The body is not a JSON object", "Send an object such as {\"urls\":[\"https://example.com\"]}")
	}
	for {
		token, err := decoder.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return malformed(fmt.Sprintf("The body is not valid JSON, near byte %d", decoder.InputOffset()),
				"It must be one object in UTF-8, with nothing behind it")
		}
		if err := checkToken(decoder, token); err != nil {
			return err
		}
	}
}

func checkToken(decoder *jsontext.Decoder, token jsontext.Token) error {
	if decoder.StackDepth() > maxJSONDepth {
		return malformed(fmt.Sprintf("The body is nested deeper than %d levels", maxJSONDepth), "Send a flat object")
	}
	if token.Kind() == '0' {
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
			return malformed(fmt.Sprintf("The number before byte %d is out of range", decoder.InputOffset()),
				"Send a number that a program can hold")
		}
	}
	if decoder.StackDepth() == 0 && decoder.PeekKind() != 0 {
		return malformed("There is something behind the JSON object", "Send one object and nothing else")
	}
	return nil
}

func malformed(message, hint string) *darkroom.Error {
	return &darkroom.Error{Code: darkroom.CodeValidation, Message: message, Hint: hint}
}

// bodyHash tells two requests apart by what they mean: not by white space, the
// order of names or the way a character is escaped. purpose keeps requests of
// different routes apart.
func bodyHash(purpose string, body []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", fmt.Errorf("read a checked body again: %w", err)
	}
	canonical, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("write the body in canonical form: %w", err)
	}
	sum := sha256.Sum256(append([]byte(purpose+"\n"), canonical...))
	return hex.EncodeToString(sum[:]), nil
}
