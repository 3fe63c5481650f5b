package chrome

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// run calls one of our scripts in the current document and reads what it gives
// into result (nil: nothing). It fails with errNavigated when the page went
// elsewhere meanwhile.
func (t *tab) run(ctx context.Context, script string, result any, arguments ...any) error {
	in, err := t.enter(ctx)
	if err != nil {
		return fmt.Errorf("enter the page: %w", elsewhere(err))
	}
	values := make([]argument, len(arguments))
	for i, value := range arguments {
		values[i] = argument{value}
	}
	answer, err := call(ctx, t.session, callFunction(), functionCall{
		Declaration: script, Arguments: values, Context: in, AwaitPromise: true, ReturnByValue: true, Silent: true,
	})
	if err != nil {
		return fmt.Errorf("run a script in the page: %w", elsewhere(err))
	}
	if answer.ExceptionDetails != nil {
		return fmt.Errorf("run a script in the page: %s", shorten(describe(answer.ExceptionDetails), maxComplaint))
	}
	if result == nil || answer.Result == nil || len(answer.Result.Value) == 0 {
		return nil
	}
	if err := jsonv2.Unmarshal(answer.Result.Value, result, jsonv2.AllowInvalidUTF8(true)); err != nil {
		return fmt.Errorf("read a script's result: %w", err)
	}
	return nil
}

// worldName is shown nowhere but in the browser's own tools.
const worldName = "darkroom"

// functionCall stands in for runtime.CallFunctionOnParams, which leaves out
// arguments that are empty: "" would arrive as undefined.
type functionCall struct {
	Declaration   string                     `json:"functionDeclaration"`
	Arguments     []argument                 `json:"arguments"`
	Context       runtime.ExecutionContextID `json:"executionContextId"`
	AwaitPromise  bool                       `json:"awaitPromise"`
	ReturnByValue bool                       `json:"returnByValue"`
	Silent        bool                       `json:"silent"`
}

type argument struct {
	Value any `json:"value"`
}

func callFunction() cdp.Command[functionCall, runtime.CallFunctionOnResult] {
	return cdp.Command[functionCall, runtime.CallFunctionOnResult]{Method: runtime.CommandCallFunctionOn}
}

// enter gives our world in the current document, and makes it when the
// document is new. It may look into frames of other sites: their fonts and
// animations belong to the picture too.
func (t *tab) enter(ctx context.Context) (runtime.ExecutionContextID, error) {
	var loader cdp.LoaderID
	t.look(func(s *pageState) { loader = s.loader })
	if t.world.loader == loader && t.world.context != 0 {
		return t.world.context, nil
	}
	made, err := call(ctx, t.session, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
		FrameID: t.frame, WorldName: worldName, GrantUniveralAccess: new(true),
	})
	if err != nil {
		return 0, err
	}
	t.world = world{loader: loader, context: made.ExecutionContextID}
	return made.ExecutionContextID, nil
}

// elsewhere tells the refusals that only say that the document is gone.
func elsewhere(err error) error {
	refusal, ok := errors.AsType[*protocolError](err)
	if !ok {
		return err
	}
	for _, sign := range []string{
		"Cannot find context", "Execution context was destroyed", "No frame for given id", "Frame with the given",
		"Inspected target navigated", "Could not create isolated world", "uniqueContextId not found",
	} {
		if strings.Contains(refusal.Message, sign) {
			return errNavigated
		}
	}
	return err
}

// maxComplaint bounds what a message says of a script's failure, in bytes.
const maxComplaint = 200

func describe(details *runtime.ExceptionDetails) string {
	text := details.Text
	if details.Exception != nil && details.Exception.Description != "" {
		text = details.Exception.Description
	} else if details.Exception != nil && len(details.Exception.Value) > 0 {
		text = "it threw " + string(details.Exception.Value)
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// shorten cuts text that goes into a message, on a rune border.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
