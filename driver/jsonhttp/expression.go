package jsonhttp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/daero/daero/driver/poll"
)

// Bounds of an expression.
const (
	maxExpression = 4096 // bytes
	// maxCost bounds one evaluation, in CEL's units: about one per operation and
	// per ten characters looked at. It is enough to go through ten thousands of
	// elements once, and is used up within a second.
	maxCost = 100_000
	// interruptEvery is how many steps of a loop pass between looks at ctx.
	interruptEvery = 256
)

// expression is a compiled one. It may be evaluated by one goroutine at a time
// or by several.
type expression struct {
	program              cel.Program
	usesBody, usesStatus bool
}

// compile checks an expression. The error has the position of each mistake.
func compile(text string) (*expression, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, errors.New("no expression: say what the value is, for example body.queue.waiting")
	case len(text) > maxExpression:
		return nil, fmt.Errorf("the expression has %d bytes: at most %d", len(text), maxExpression)
	}
	env, err := cel.NewEnv(
		cel.Variable("body", cel.DynType), cel.Variable("status", cel.IntType), ext.Math(),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(64),
	)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(text)
	if err := mistakes(issues); err != nil {
		return nil, err
	}
	switch k := ast.OutputType().Kind(); k {
	case types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind, types.DynKind:
	default:
		return nil, fmt.Errorf("the expression yields %s: it must yield a number or a bool, for example size(body.list)", ast.OutputType())
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(interruptEvery))
	if err != nil {
		return nil, fmt.Errorf("the expression cannot be used: %w", err)
	}
	x := &expression{program: program}
	for _, r := range ast.NativeRep().ReferenceMap() {
		x.usesBody = x.usesBody || r.Name == "body"
		x.usesStatus = x.usesStatus || r.Name == "status"
	}
	return x, nil
}

// mistakes joins what the compiler found.
func mistakes(issues *cel.Issues) error {
	if issues == nil || issues.Err() == nil {
		return nil
	}
	var errs []error
	for _, e := range issues.Errors() {
		errs = append(errs, fmt.Errorf("the expression at %d:%d: %s", e.Location.Line(), e.Location.Column()+1, e.Message))
	}
	return errors.Join(errs...)
}

// eval yields the value. A document that is not what the expression expects is
// an error, and so is an evaluation that takes too long.
func (x *expression) eval(ctx context.Context, body any, status int) (float64, error) {
	out, _, err := x.program.ContextEval(ctx, map[string]any{"body": body, "status": int64(status)})
	switch {
	case err == nil:
		return number(out)
	case ctx.Err() != nil:
		return 0, context.DeadlineExceeded
	case strings.Contains(err.Error(), "cost limit exceeded"):
		return 0, errors.New("the expression takes too long on this document: look at fewer elements")
	case strings.Contains(err.Error(), "no such overload"):
		return 0, fmt.Errorf("%w (numbers in body are doubles: write 2.0, not 2)", err)
	}
	return 0, err
}

// number is what a level can be found from.
func number(v ref.Val) (float64, error) {
	var f float64
	switch v := v.(type) {
	case types.Double:
		f = float64(v)
	case types.Int:
		f = float64(v)
	case types.Uint:
		f = float64(v)
	case types.Bool:
		if v {
			f = 1
		}
	case types.Null:
		return 0, poll.ErrNothing
	default:
		return 0, fmt.Errorf("the expression yields %s: it must yield a number or a bool", v.Type().TypeName())
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, poll.ErrNothing
	}
	return f, nil
}
