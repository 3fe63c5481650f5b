package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"darkroom"
	"darkroom/internal/egress"
	"darkroom/internal/store"
)

// decodePages takes what a batch captures, and how: urls, or requests with
// options of their own, in variants or not.
func (s *server) decodePages(f fields, job *store.NewJob) (err error) {
	requests := f.take("requests")
	single := asksForNothing(requests)
	if single {
		if job.Targets, err = s.targets(f.take("urls")); err != nil {
			return err
		}
	} else if !asksForNothing(f.take("urls")) {
		return darkroom.Invalid("requests", "requests and urls exclude each other: give one of them")
	}
	if err := s.decodeOptions(f, job); err != nil {
		return err
	}
	if !single {
		if err := s.requests(f, requests, job); err != nil {
			return err
		}
	}
	return checkCaptures(len(job.Targets), len(job.Variants))
}

// decodeOptions takes how each URL of a job is captured.
func (s *server) decodeOptions(f fields, job *store.NewJob) (err error) {
	if job.Options, err = s.options(f); err != nil {
		return err
	}
	job.Variants, err = s.variants(f, job.Options)
	return err
}

// checkCaptures bounds the captures of a job with variants: its URLs have a
// limit of their own.
func checkCaptures(urls, variants int) error {
	if variants < 2 || urls*variants <= darkroom.MaxVariantCaptures {
		return nil
	}
	err := darkroom.Invalid("variants", "%d URLs in %d variants are more than the %d captures that one job may have",
		urls, variants, darkroom.MaxVariantCaptures)
	err.Hint = "Send fewer URLs at once, or fewer variants"
	return err
}

// requests admits every URL by its text and checks its options over the job's.
// One that is refused refuses the whole batch, and every refused one is named.
func (s *server) requests(f fields, raw json.RawMessage, job *store.NewJob) error {
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return darkroom.Invalid("requests", "requests must be a list of 1 to %d objects with url", s.Limits.MaxURLs)
	}
	if err := s.checkCount("requests", len(entries)); err != nil {
		return err
	}
	overlay := s.newOverlay(job.Options, job.Variants)
	var details []darkroom.Detail
	for i, entry := range entries {
		place := fmt.Sprintf("requests[%d]", i)
		target, err := s.request(f, place, entry, overlay)
		switch {
		case darkroom.CodeOf(err) == darkroom.CodeForbidden:
			return err
		case err != nil:
			details = append(details, detailWithin(err, i, place))
		}
		job.Targets = append(job.Targets, target)
	}
	if len(details) > 0 {
		return refusedEntries(details)
	}
	job.Sets = overlay.sets
	return nil
}

// request takes one URL with its options. What else is in the object was
// unknown.
func (s *server) request(f fields, place string, entry json.RawMessage, overlay *overlay) (target store.Target, err error) {
	members, err := fieldsOfBody(entry)
	if err != nil || members == nil {
		return target, darkroom.Invalid(place, "%s must be an object with url", place)
	}
	text := members.take("url")
	if text == nil {
		return target, darkroom.Invalid(place+".url", "%s.url is missing", place)
	}
	admitted, err := s.admitEntry(text)
	if err != nil {
		return target, refused("requests", []darkroom.Detail{detailOf(err, 0, place+".url")})
	}
	set, err := overlay.take(members)
	if err != nil {
		return target, within(err, place)
	}
	number, err := overlay.number(set)
	f.keepUnknown(place, members)
	return store.Target{URL: admitted.String(), Host: egress.HostPort(admitted), Set: number}, within(err, place)
}

// keepUnknown leaves to the warnings what nobody took of an entry.
func (f fields) keepUnknown(place string, members fields) {
	for name, value := range members {
		f[place+"."+name] = value
	}
}

// overlay checks options that lie over those of a job, and keeps equal ones
// once.
type overlay struct {
	server   *server
	table    []darkroom.Option
	base     darkroom.Options
	variants []darkroom.Variant

	sets []darkroom.OptionSet
	seen map[string]checked // by the set's JSON
}

type checked struct {
	number int
	err    error
}

func (s *server) newOverlay(base darkroom.Options, variants []darkroom.Variant) *overlay {
	return &overlay{server: s, table: darkroom.OptionTable(), base: base, variants: variants, seen: map[string]checked{}}
}

func (o *overlay) take(f fields) (darkroom.OptionSet, error) {
	set := darkroom.OptionSet{}
	for _, option := range o.table {
		if err := set.Set(option, f.take(option.Name)); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// number gives the place of a set among the job's, from 1; 0 = it names
// nothing.
func (o *overlay) number(set darkroom.OptionSet) (int, error) {
	if len(set) == 0 {
		return 0, nil
	}
	text, err := json.Marshal(set)
	if err != nil {
		return 0, fmt.Errorf("compare options: %w", err)
	}
	before, known := o.seen[string(text)]
	if !known {
		o.sets = append(o.sets, set)
		before = checked{len(o.sets), o.check(set)}
		o.seen[string(text)] = before
	}
	return before.number, before.err
}

// check looks at the set alone over the job's options, and in each variant.
func (o *overlay) check(set darkroom.OptionSet) error {
	if err := o.server.checkOver(o.base, set); err != nil {
		return err
	}
	for _, variant := range o.variants {
		if err := o.server.checkOver(o.base, set, variant.Set); err != nil {
			return within(err, fmt.Sprintf("in variant %s", variant.Name))
		}
	}
	return nil
}

// checkOver checks the options that result.
func (s *server) checkOver(options darkroom.Options, sets ...darkroom.OptionSet) (err error) {
	for _, set := range sets {
		if options, err = set.Over(options); err != nil {
			return err
		}
	}
	if err := options.Validate(); err != nil {
		return err
	}
	return s.permit(options)
}

// within says where the options are that are wrong: width becomes
// requests[3].width.
func within(err error, place string) error {
	failure, ok := errors.AsType[*darkroom.Error](err)
	if !ok {
		return err
	}
	inner := *failure
	if !strings.HasSuffix(place, "]") { // not of the request itself
		inner.Message = place + ": " + inner.Message
		return &inner
	}
	if inner.Param != "" && strings.HasPrefix(inner.Message, inner.Param) {
		inner.Message = place + "." + inner.Message
	} else {
		inner.Message = place + ": " + inner.Message
	}
	inner.Param = place + "." + inner.Param
	return &inner
}

const reasonInvalidOption = "invalid_option"

// detailWithin names what is wrong with one entry of a list.
func detailWithin(err error, index int, place string) darkroom.Detail {
	detail := darkroom.Detail{Index: index, Field: place, Code: reasonInvalidOption, Message: err.Error()}
	failure, ok := errors.AsType[*darkroom.Error](err)
	switch {
	case ok && len(failure.Details) == 1:
		detail = failure.Details[0]
		detail.Index = index
	case ok:
		detail.Field, detail.Message = failure.Param, failure.Sentence()
	}
	return detail
}

// refusedEntries says the first fault in the message, which names its place.
func refusedEntries(details []darkroom.Detail) *darkroom.Error {
	first := details[0]
	err := refused(first.Field, details)
	if first.Code == reasonInvalidOption { // its message begins with its place
		err.Message = strings.TrimSuffix(first.Message, ".")
	}
	if more := len(details) - 1; more > 0 {
		err.Hint = fmt.Sprintf("%d more entries were refused; details lists every one, and nothing was created", more)
	}
	return err
}
