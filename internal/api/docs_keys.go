package api

import (
	"net/http"
	"reflect"

	"darkroom"

	"github.com/danielgtaylor/huma/v2"
)

// Names of the schemas of requests for keys.
const (
	keySchema      = "KeyRequest"
	rotationSchema = "RotationRequest"
)

func listKeysDoc() operation {
	return operation{
		id: "listKeys", summary: "List all keys, oldest first", tag: "Keys",
		about:  "Revoked ones too, until they are erased. None of these answers holds a secret.",
		status: http.StatusOK, answer: reflect.TypeFor[KeyListAnswer](), errors: []int{http.StatusServiceUnavailable},
	}
}

func createKeyDoc() operation {
	return operation{
		id: "createKey", summary: "Make a key", tag: "Keys",
		about: "The answer is the only one that has the key itself.",
		body:  keySchema, status: http.StatusCreated, answer: reflect.TypeFor[NewKeyAnswer](),
		errors: append(badBodies(), http.StatusConflict),
	}
}

func getKeyDoc() operation {
	return operation{
		id: "getKey", summary: "Look at a key", tag: "Keys",
		about:  "A key that was erased is not found once everything of it is gone.",
		params: []*huma.Param{keyIDParam()},
		status: http.StatusOK, answer: reflect.TypeFor[KeyAnswer](),
		errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

func rotateKeyDoc() operation {
	return operation{
		id: "rotateKey", summary: "Give a key another secret", tag: "Keys",
		about:  "The key keeps its id, jobs, limits and webhook secret. The secret before works for grace seconds more; one from before that ends now.",
		params: []*huma.Param{keyIDParam()},
		body:   rotationSchema, status: http.StatusOK, answer: reflect.TypeFor[NewKeyAnswer](),
		errors: append(badBodies(), http.StatusNotFound),
	}
}

func endKeyDoc() operation {
	return operation{
		id: "revokeKey", summary: "Revoke a key, or erase everything of it", tag: "Keys",
		about: "A revoked key does not work from the next request on; its jobs go on. With erase its jobs end, and they, their pictures, " +
			"webhooks and usage are deleted, and the key itself at last: that is asked for at once, survives a restart, and is done within minutes.",
		params: []*huma.Param{
			keyIDParam(),
			query("erase", "Delete everything of the key too. It may be revoked already.", &huma.Schema{Type: huma.TypeBoolean, Default: false}),
		},
		status: http.StatusAccepted, answer: reflect.TypeFor[KeyAnswer](),
		also:   map[int]string{http.StatusNoContent: "The key is revoked."},
		errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

func keyIDParam() *huma.Param {
	param := idParam()
	param.Description = "The key's id."
	return param
}

func addKeySchemas(schemas map[string]*huma.Schema) {
	limits := map[string]*huma.Schema{}
	for _, limit := range darkroom.KeyLimitTable() {
		limits[limit.Name] = integer(limit.Doc+" 0 = "+limit.Default+".", 0, limit.Most, 0)
	}
	scopes := &huma.Schema{
		Type: huma.TypeArray, Items: enumeration("", darkroom.Scopes()...), Default: darkroom.DefaultGrant().Scopes,
		Description: "What the key may do.",
	}
	schemas[keySchema] = &huma.Schema{
		Type: huma.TypeObject, Required: []string{"name"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"name":   text("Tells keys apart; no two that work have the same.", darkroom.MaxNameBytes),
			"scopes": scopes,
			"limits": {Type: huma.TypeObject, Properties: limits, AdditionalProperties: false, Description: "How much the key may do."},
		},
	}
	schemas[rotationSchema] = &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"grace": integer("Seconds for which the secret before works on.", 0,
				int(darkroom.MaxRotationGrace.Seconds()), int(darkroom.DefaultRotationGrace.Seconds())),
		},
	}
}

func refineKeys(schemas map[string]*huma.Schema) {
	for _, name := range []string{"Key", "NewKey"} {
		schemas[name].Properties["scopes"] = &huma.Schema{Type: huma.TypeArray, Items: enumeration("", darkroom.Scopes()...)}
	}
	for _, limit := range darkroom.KeyLimitTable() {
		schemas["KeyLimits"].Properties[limit.Name].Description = limit.Doc + " 0 = " + limit.Default + "."
	}
}
