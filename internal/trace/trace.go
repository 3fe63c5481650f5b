// Package trace tells how long the steps of the work take, as spans of
// OpenTelemetry. Without a provider, which only cmd/darkroom sets, a span costs
// nothing and goes nowhere. No span has a URL, a host or a secret in it.
package trace

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"darkroom"
)

// Attributes of spans.
const (
	Job     = "darkroom.job.id"
	Ordinal = "darkroom.capture.ordinal" // from 1
	Attempt = "darkroom.attempt"         // from 1
	Bytes   = "darkroom.bytes"
)

// Span is a step under way.
type Span struct{ span trace.Span }

// Start begins a step inside the one that ctx is in, if it is in one. End must
// be called.
func Start(ctx context.Context, name string) (context.Context, Span) {
	ctx, span := otel.Tracer("darkroom").Start(ctx, name)
	return ctx, Span{span}
}

// Parent names the step that ctx is in, as a traceparent header does; "" when it
// is in none.
func Parent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[header]
}

// Continue goes on with the trace of a step, in another process perhaps. parent
// is what Parent gave there.
func Continue(ctx context.Context, parent string) context.Context {
	if parent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{header: parent})
}

// header is the name by which W3C Trace Context hands a step on.
const header = "traceparent"

// Text adds to what is known of the step.
func (s Span) Text(name, value string) Span {
	if s.span.IsRecording() {
		s.span.SetAttributes(attribute.String(name, value))
	}
	return s
}

// Number adds to what is known of the step.
func (s Span) Number(name string, value int) Span {
	if s.span.IsRecording() {
		s.span.SetAttributes(attribute.Int(name, value))
	}
	return s
}

// End ends the step. Of an error only the code is told: its text may name a
// page.
func (s Span) End(err error) {
	if err != nil && s.span.IsRecording() {
		code := string(darkroom.CodeOf(err))
		s.span.SetAttributes(attribute.String("error.type", code))
		s.span.SetStatus(codes.Error, code)
	}
	s.span.End()
}
