package main

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"

	"darkroom/internal/trace"
)

// openTraces sends spans to a collector when the environment names one:
// OTEL_EXPORTER_OTLP_ENDPOINT, or that for traces only. The other variables of
// OpenTelemetry are read by its own library. A collector that does not answer
// costs spans and nothing else.
func (s *server) openTraces(ctx context.Context) error {
	if !s.config.Traces {
		return nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return environmentFault("correct the OTEL_… variables, or unset OTEL_EXPORTER_OTLP_ENDPOINT", "cannot send traces: %v", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceName("darkroom"), semconv.ServiceVersion(Version),
		semconv.ServiceInstanceID(s.instance)), resource.WithFromEnv())
	if err != nil {
		return fmt.Errorf("describe this process for traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { s.log.Warn("traces were not sent", "err", err) }))
	s.onClose(func() error {
		patience, cancel := context.WithTimeout(context.Background(), tracePatience)
		defer cancel()
		_ = provider.Shutdown(patience) // the handler above has told
		return nil
	})
	return nil
}

// traced makes a span of each request that does not ask how the process is. A
// span of the client that comes in traceparent is its parent.
func (s *server) traced(next http.Handler) http.Handler {
	if !s.config.Traces {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics" {
			next.ServeHTTP(w, r)
			return
		}
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := trace.Start(ctx, "request")
		defer func() { span.End(nil) }()
		span.Text("http.request.method", r.Method)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
