package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"darkroom"
)

// variants takes the ways in which each URL of a job is captured; none when it
// is captured once, with the options of the job.
func (s *server) variants(f fields, base darkroom.Options) ([]darkroom.Variant, error) {
	raw := f.take("variants")
	if asksForNothing(raw) {
		return nil, nil
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil || len(entries) > darkroom.MaxVariants {
		return nil, darkroom.Invalid("variants", "variants must be a list of 1 to %d objects", darkroom.MaxVariants)
	}
	overlay := s.newOverlay(base, nil)
	names := map[string]int{}
	variants := make([]darkroom.Variant, len(entries))
	var details []darkroom.Detail
	for i, entry := range entries {
		place := fmt.Sprintf("variants[%d]", i)
		variant, err := s.variant(f, i, entry, overlay)
		if err == nil {
			err = claimName(names, variant.Name, i)
		}
		switch {
		case darkroom.CodeOf(err) == darkroom.CodeForbidden:
			return nil, err
		case err != nil:
			details = append(details, detailWithin(err, i, place))
		}
		variants[i] = variant
	}
	if len(details) > 0 {
		return nil, refusedEntries(details)
	}
	return variants, nil
}

func (s *server) variant(f fields, index int, entry json.RawMessage, overlay *overlay) (variant darkroom.Variant, err error) {
	place := fmt.Sprintf("variants[%d]", index)
	members, err := fieldsOfBody(entry)
	if err != nil || members == nil {
		return variant, darkroom.Invalid(place, "%s must be an object of options, with a name or without", place)
	}
	if variant.Name, err = members.text("name", darkroom.MaxNameBytes); err != nil {
		return variant, within(err, place)
	}
	setDefault(&variant.Name, fmt.Sprintf("v%d", index+1))
	if !darkroom.ValidVariantName(variant.Name) {
		return variant, darkroom.Invalid(place+".name", "%s.name may have 1 to %d ASCII letters, digits, and between them -, _ and single dots",
			place, darkroom.MaxVariantNameBytes)
	}
	if variant.Set, err = overlay.take(members); err == nil {
		err = s.checkOver(overlay.base, variant.Set)
	}
	f.keepUnknown(place, members)
	return variant, within(err, place)
}

// claimName refuses a second variant of that name: file names are told apart
// whatever their case.
func claimName(names map[string]int, name string, index int) error {
	other, taken := names[strings.ToLower(name)]
	if taken {
		return darkroom.Invalid(fmt.Sprintf("variants[%d].name", index), "variants[%d].name %q is that of variants[%d] already", index, name, other)
	}
	names[strings.ToLower(name)] = index
	return nil
}
