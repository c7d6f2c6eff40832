package api

import (
	"github.com/daero/daero/level"
	"github.com/daero/daero/live"
	"github.com/daero/daero/playbook"
	"github.com/daero/daero/rehearse/job"
)

// shape is what goes in and out of a route.
type shape struct {
	query []Param
	in    any    // of the type of the body, nil without one
	sent  string // the body's media type. Default: JSON
	needs []string
	// bodyOptional says that the body may be left away.
	bodyOptional bool
	answers      []answered
}

// answered is one answer.
type answered struct {
	status int
	what   string
	out    any      // of the type of the JSON, nil without
	media  []string // other forms that it has, or all it has
	events map[string]any
}

// gives is a route that answers with a document.
func gives(out any) []answered { return []answered{{status: 200, out: out}} }

// makes is one that makes something, nothing one that says no more than that it
// is done.
func makes(out any) []answered { return []answered{{status: 201, out: out}} }

func nothing() []answered { return []answered{{status: 204}} }

// Answers to changes by hand have what was changed beside what all of them say.
type (
	pinnedDoc struct {
		Pin level.Pin `json:"pin"`
		ChangedDoc
	}
	pausedDoc struct {
		Paused playbook.Pause `json:"paused"`
		ChangedDoc
	}
	stoppedDoc struct {
		ID      string         `json:"id"`
		Stopped playbook.Pause `json:"stopped"`
		ChangedDoc
	}
	orderedDoc struct {
		Order LaneOrderDoc `json:"order"`
		ChangedDoc
	}
	reasonBody struct {
		Reason string `json:"reason"`
	}
	operatorBody struct {
		Name     string `json:"name"`
		Role     string `json:"role"`
		Password string `json:"password,omitempty"`
		Reason   string `json:"reason,omitempty"`
	}
	rotateBody struct {
		Overlap  string `json:"overlap,omitempty"`
		Reason   string `json:"reason,omitempty"`
		Revision uint64 `json:"revision,omitempty"`
	}
	redeemForm struct {
		Token string `json:"token"`
		Name  string `json:"name,omitempty"`
	}
	oneFlagDoc struct {
		Key     string `json:"key"`
		Value   any    `json:"value"`
		Reason  string `json:"reason"`
		Variant string `json:"variant"`
	}
	flagsDoc struct {
		Flags []oneFlagDoc `json:"flags"`
	}
	wrongFlagDoc struct {
		Key     string `json:"key,omitempty"`
		Error   string `json:"errorCode"`
		Details string `json:"errorDetails"`
	}
)

// Shapes that several routes have.
var (
	siteOne  = gives(SiteDoc{})
	endDone  = shape{in: ending{}, needs: []string{"reason"}, answers: gives(ChangedDoc{})}
	holdFor  = []string{"reason"} // with for or until
	loginWeb = []answered{{status: 200, media: []string{"text/html"}}}
)

// shapes has a row for every route; TestOpenAPI finds those that are missing.
var shapes = map[string]shape{
	"GET " + Prefix + "now": {answers: gives(NowDoc{})},
	"GET " + Prefix + "history": {
		query: historyParams, answers: gives(HistoryDoc{}),
	},
	"GET " + Prefix + "stream": {
		query: streamParams,
		answers: []answered{{
			status: 200, what: "Server-sent events, until the server says bye.", media: []string{"text/event-stream"},
			events: map[string]any{"hello": helloDoc{}, "now": NowDoc{}, "audit": live.Event{}, "job": job.Job{}, "gap": gapDoc{}, "bye": byeDoc{}},
		}},
	},
	"GET " + Prefix + "openapi.json": {answers: gives(map[string]any{})},

	"GET " + Prefix + "level":                           {answers: gives(LevelDoc{})},
	"POST " + Prefix + "level/pin":                      {in: pinDoc{}, needs: []string{"level", "reason"}, answers: gives(pinnedDoc{})},
	"DELETE " + Prefix + "level/pin":                    endDone,
	"GET " + Prefix + "playbook":                        {answers: gives(PlaybookDoc{})},
	"POST " + Prefix + "playbook/pause":                 {in: lasting{}, needs: holdFor, answers: gives(pausedDoc{})},
	"POST " + Prefix + "playbook/resume":                endDone,
	"POST " + Prefix + "playbook/actions/{id}/stop":     {in: lasting{}, needs: holdFor, answers: gives(stoppedDoc{})},
	"POST " + Prefix + "playbook/actions/{id}/start":    endDone,
	"GET " + Prefix + "playbook/runs":                   {query: runsParams, answers: gives(RunsDoc{})},
	"GET " + Prefix + "playbook/coming":                 {query: comingParams, answers: gives(ComingListDoc{})},
	"POST " + Prefix + "playbook/preview":               {in: previewAsk{}, answers: gives(PlaybookPreviewDoc{})},
	"POST " + Prefix + "controls/{revision}/undo":       endDone,
	"POST " + Prefix + "audit/{id}/undo":                endDone,
	"POST " + Prefix + "lanes/of":                       {in: LaneQuestion{}, needs: []string{"url"}, answers: gives(LaneAnswer{})},
	"GET " + Prefix + "lanes/orders":                    {answers: gives(LaneOrdersDoc{})},
	"PUT " + Prefix + "lanes/{backend}/{lane}/order":    {in: laneOrder{}, needs: holdFor, answers: gives(orderedDoc{})},
	"DELETE " + Prefix + "lanes/{backend}/{lane}/order": endDone,
	"GET " + Prefix + "lanes":                           {answers: gives(LanesDoc{})},
	"GET " + Prefix + "scaling/{lane}":                  {query: scalingParams, answers: gives(ScalingDoc{})},
	"POST " + Prefix + "alerts/{name}":                  {answers: []answered{{status: 200, what: "As the sender's protocol has it."}}},
	"POST " + FlagsPrefix + "evaluate/flags":            {in: map[string]any{}, bodyOptional: true, answers: []answered{{status: 200, out: flagsDoc{}}, {status: 304}, {status: 400, out: wrongFlagDoc{}}}},
	"POST " + FlagsPrefix + "evaluate/flags/{key}":      {in: map[string]any{}, bodyOptional: true, answers: []answered{{status: 200, out: oneFlagDoc{}}, {status: 400, out: wrongFlagDoc{}}, {status: 404, out: wrongFlagDoc{}}}},

	"GET " + Prefix + "audit": {
		query:   auditParams,
		answers: []answered{{status: 200, out: RecordDoc{}, media: []string{"application/x-ndjson", "text/csv"}}},
	},
	"GET " + Prefix + "operators":                 {answers: gives(OperatorsDoc{})},
	"POST " + Prefix + "operators":                {in: operatorBody{}, needs: []string{"name", "role"}, answers: makes(AddedDoc{})},
	"DELETE " + Prefix + "operators/{name}":       {in: operatorEnd{}, bodyOptional: true, answers: nothing()},
	"PUT " + Prefix + "operators/{name}/password": {in: NewPasswordDoc{}, needs: []string{"password"}, answers: nothing()},
	"POST " + Prefix + "operators/{name}/link":    {answers: makes(LinkDoc{})},
	"POST " + Prefix + "link":                     {answers: makes(LinkDoc{})},
	"PUT " + Prefix + "account/password":          {in: PasswordDoc{}, needs: []string{"new"}, answers: nothing()},
	"GET " + Prefix + "session":                   {answers: gives(SessionDoc{})},
	"POST " + Prefix + "session":                  {in: LoginDoc{}, answers: gives(SessionDoc{})},
	"DELETE " + Prefix + "session":                {answers: nothing()},
	"GET " + Prefix + "sessions":                  {answers: gives(SessionsDoc{})},
	"DELETE " + Prefix + "sessions/{id}":          {answers: nothing()},
	"GET " + Prefix + "oidc/start":                {answers: []answered{{status: 303, what: "To where accounts are kept."}}},
	"GET " + Prefix + "oidc/callback":             {query: oidcParams, answers: []answered{{status: 303, what: "To the console."}, {status: 403, what: "A page that says why not.", media: []string{"text/html"}}}},
	"GET " + Prefix + "login":                     {query: loginParams, answers: loginWeb},
	"POST " + Prefix + "login":                    {in: redeemForm{}, sent: "application/x-www-form-urlencoded", needs: []string{"token"}, answers: append([]answered{{status: 303, what: "To the console."}}, loginWeb...)},

	"GET " + Prefix + "relay":     {answers: gives(RelayDoc{})},
	"GET " + Prefix + "relay/lag": {answers: gives(LagDoc{})},
	"GET " + Prefix + "relay/peek": {
		query:   peekParams,
		answers: gives(PeekDoc{}),
	},
	"POST " + Prefix + "relay/deliveries/{name}/pause":  {in: deliveryPause{}, needs: holdFor, answers: gives(DeliveryDoneDoc{})},
	"POST " + Prefix + "relay/deliveries/{name}/resume": {in: deliveryResume{}, needs: []string{"reason"}, answers: gives(DeliveryDoneDoc{})},
	"DELETE " + Prefix + "relay/redrive/{name}":         {in: reasonBody{}, needs: []string{"reason"}, answers: gives(RedriveStoppedDoc{})},
	"POST " + Prefix + "relay/redrive":                  {in: redriveBody{}, needs: []string{"delivery"}, answers: []answered{{status: 200, out: RedriveDoc{}, media: []string{"application/x-ndjson"}}}},

	"GET " + Prefix + "captcha/sites":                  {query: sitesParams, answers: gives(SitesDoc{})},
	"POST " + Prefix + "captcha/sites":                 {in: siteChange{}, answers: makes(SecretOnceDoc{})},
	"GET " + Prefix + "captcha/sites/{key}":            {answers: siteOne},
	"PATCH " + Prefix + "captcha/sites/{key}":          {in: siteChange{}, answers: gives(SiteChangedDoc{})},
	"DELETE " + Prefix + "captcha/sites/{key}":         {in: siteEnd{}, bodyOptional: true, answers: gives(SiteGoneDoc{})},
	"POST " + Prefix + "captcha/sites/{key}/restore":   {in: reasonBody{}, needs: []string{"reason"}, answers: gives(SiteChangedDoc{})},
	"POST " + Prefix + "captcha/sites/{key}/rotate":    {in: rotateBody{}, answers: gives(SecretOnceDoc{})},
	"GET " + Prefix + "captcha/sites/{key}/statistics": {query: []Param{sinceParam, untilParam}, answers: gives(StatisticsDoc{})},
	"GET " + Prefix + "captcha/strength":               {answers: gives(StrengthDoc{})},
	"GET " + Prefix + "captcha/preview": {
		query:   previewParams,
		answers: gives(QuestionDoc{}),
	},

	"GET " + Prefix + "rehearsals":                  {answers: gives(RehearsalsDoc{})},
	"POST " + Prefix + "rehearsals":                 {in: RehearsalRequest{}, needs: []string{"scenario", "reason"}, answers: []answered{{status: 202, out: job.Job{}}}},
	"GET " + Prefix + "rehearsals/{id}":             {answers: gives(job.Job{})},
	"DELETE " + Prefix + "rehearsals/{id}":          {in: reasonBody{}, needs: []string{"reason"}, answers: []answered{{status: 202, what: "It is being cancelled.", out: job.Job{}}, {status: 204, what: "It is removed."}}},
	"GET " + Prefix + "rehearsals/{id}/report.html": {answers: []answered{{status: 200, media: []string{"text/html"}}}},
	"GET " + Prefix + "rehearsals/{id}/report.json": {answers: gives(map[string]any{})},
}
