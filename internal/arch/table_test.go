package arch_test

// module is the prefix of our own import paths.
const module = "github.com/daero/daero"

// layer is where a package stands. It may import packages of lower layers,
// and packages of its own tree (lane may import lane/limit).
type layer struct {
	rank int
	// stdOnly packages import nothing from outside the module, directly or
	// through another package.
	stdOnly bool
	// pure packages decide as a function of (now, state, input): no clock of
	// their own, no goroutine, nothing at import.
	pure bool
	why  string
}

// layers has a row for every package, by path below the module; the longest
// matching row wins, "" is the root package.
var layers = map[string]layer{
	"lane":     {rank: 0, stdOnly: true, pure: true, why: "any Go program can use the lanes, and the same code decides in production, under testing/synctest and in simulations"},
	"live":     {rank: 1, stdOnly: true, pure: true, why: "what counters mean to who watches is a function of two moments"},
	"history":  {rank: 2, stdOnly: true, pure: true, why: "two hours are kept in production as in tests: time is an argument"},
	"level":    {rank: 0, stdOnly: true, pure: true, why: "the same ladder climbs in production, in virtual time and in tests of a playbook"},
	"playbook": {rank: 1, stdOnly: true, pure: true, why: "what is in force is a function of the playbook and the level, so that it can be tested like code"},
	"audit":    {rank: 0, stdOnly: true, pure: true, why: "the record's shape is known to all who write or keep it"},
	"relay":    {rank: 1, stdOnly: true, why: "any Go program can let what can wait wait; which log it waits in is a driver's matter"},
	"surge":    {rank: 0, stdOnly: true, pure: true, why: "arrival curves are arithmetic: the same surge is replayed in virtual and in real time"},

	"relay/track": {rank: 0, stdOnly: true, pure: true, why: "which offsets are finished is arithmetic on bits"},
	"relay/gate":  {rank: 0, stdOnly: true, pure: true, why: "which message may go next is a function of what came and what ended"},
	"relay/retry": {rank: 0, stdOnly: true, pure: true, why: "when to try again, and when not to, is a function of time and results"},

	"relay/deferred": {rank: 1, stdOnly: true, why: "knows the relay, lanes and net/http; the root asks it through an interface of its own"},
	"relay/events":   {rank: 2, stdOnly: true, why: "writes the record through what writes it into files as well, api/store, which knows no log"},

	"internal/speak": {rank: 0, stdOnly: true, pure: true, why: "pages and answers of several packages speak the same way"},

	"test/browser/server": {rank: 6, why: "the platform as browsers and clients meet it, for tests alone"},

	"test/kafka": {rank: 1, stdOnly: true, why: "starts real brokers for tests of drivers, and knows nothing of what is tested"},

	"driver": {rank: 2, why: "one third-party client each, known to whoever assembles a program and to nothing else"},

	"driver/alertfeed/alert":  {rank: 0, stdOnly: true, pure: true, why: "whether an alert arms is decided without network and clock"},
	"driver/alertfeed/format": {rank: 1, stdOnly: true, pure: true, why: "parsers of what strangers send are functions of bytes"},

	"": {rank: 3, stdOnly: true, why: "the middleware for plain net/http must not bring Caddy into a program that does not want it"},

	"playbook/playtest": {rank: 2, why: "reads YAML, which the playbook itself must not need"},

	"api/store": {rank: 1, stdOnly: true, why: "what a store must be able to do, known to the API that asks and to the driver that answers"},
	"api/token": {rank: 2, why: "tokens and their hashes, known to the API and to the commands that make the first one"},

	"api/session": {rank: 2, stdOnly: true, why: "who is logged in is known to the API and to the commands, and needs neither HTTP nor passwords"},

	"api":              {rank: 4, why: "plain net/http, so that a program without Caddy can offer it"},
	"console":          {rank: 1, stdOnly: true, why: "files for browsers, over plain net/http"},
	"console/top":      {rank: 5, why: "the terminal's screen is drawn from the API's document, by whoever has fetched it"},
	"daerogrpc":        {rank: 4, why: "gRPC's interceptors stand apart, so that the middleware for net/http brings no gRPC"},
	"relay/verify":     {rank: 4, why: "assembles real parts, the driver of the log among them, to kill them"},
	"rehearse":         {rank: 4, why: "a rehearsal runs against any service, so it must not need the gateway in its own process"},
	"rehearse/job":     {rank: 2, stdOnly: true, why: "starts rehearsals as processes for whoever serves people meanwhile, and knows not how one is held"},
	"rehearse/against": {rank: 1, stdOnly: true, why: "what may be rehearsed against is known to the configuration, to the job and to the rehearsal"},
	"rehearse/virtual": {rank: 4, stdOnly: true, why: "virtual time must see every goroutine; a third-party client brings its own"},

	"captcha":               {rank: 1, why: "the protocol knows neither HTTP nor pictures nor a database; what it needs of them are interfaces"},
	"captcha/storetest":     {rank: 1, why: "what a store must do is known to every driver that does it"},
	"captcha/gate":          {rank: 2, why: "asks in front of lanes, which the root knows by an interface of its own"},
	"captcha/widget":        {rank: 2, why: "plain net/http, so that a program without Caddy can offer it"},
	"web":                   {rank: 0, stdOnly: true, pure: true, why: "files for browsers, known to whoever serves them"},
	"captcha/pow":           {rank: 0, stdOnly: true, pure: true, why: "a client in Go does the work with the same few lines that check it"},
	"captcha/answer":        {rank: 0, pure: true, why: "whether an answer is right is a function of two texts; Unicode's tables come from outside"},
	"captcha/mapquiz":       {rank: 2, why: "questions about maps know the protocol's words, and the protocol no maps"},
	"captcha/mapquiz/names": {rank: 0, stdOnly: true, pure: true, why: "a name is a function of a seed"},
	"captcha/siteverify":    {rank: 2, stdOnly: true, why: "speaks the contracts' words over plain net/http, and knows nothing of tokens"},
	"captcha/audio":         {rank: 2, why: "words become sound without any program that speaks"},
	"captcha/strength":      {rank: 0, stdOnly: true, pure: true, why: "reads a text that was measured elsewhere"},
	"captcha/preview":       {rank: 3, why: "shows questions by eye and by ear, for those who look after them"},
	"captcha/attack":        {rank: 4, why: "attacks everything below it, as an outsider or with the same parts"},

	"gateway":   {rank: 6, why: "everything of Caddy lives here, so that nothing else needs it"},
	"cmd/daero": {rank: 7, why: "imports and Main, nothing else"},

	"examples/messenger": {rank: 2, stdOnly: true, why: "a service that daero stands in front of knows nothing of daero"},

	"examples":            {rank: 5, why: "programs as a user writes them"},
	"bench/gateway":       {rank: 6, why: "drives built binaries from outside"},
	"observe":             {rank: 6, why: "checks the dashboard and the alerting rules against the source of the gateway, used by none"},
	"bench/captcha":       {rank: 6, why: "drives the built gateway from outside, and does the captcha's work"},
	"bench/relay":         {rank: 6, why: "drives processes of its own, each made of the parts that it measures"},
	"docs":                {rank: 7, why: "checks the documentation against the gateway, used by none"},
	"internal/child":      {rank: 0, stdOnly: true, why: "who starts processes must be able to end them, whatever layer it is of"},
	"internal/faultproxy": {rank: 0, stdOnly: true, why: "tests of every layer put a bad network between two ends"},
	"internal/pty":        {rank: 0, why: "tests of what is typed and shown sit at a terminal of their own"},
	"internal/arch":       {rank: 6, stdOnly: true, why: "looks at the others, used by none"},
	"scripts":             {rank: 6, stdOnly: true, why: "tools of the build, used by no package"},
}

// confined says where a third-party import may stand, and why only there.
// The longest matching prefix wins. A third-party import without a row fails.
var confined = map[string]struct {
	in  []string
	why string
}{
	"github.com/caddyserver/": {
		in:  []string{"gateway", "cmd/daero"},
		why: "the core must run without Caddy; what adapts it lives in gateway",
	},
	"go.uber.org/zap": {
		in:  []string{"gateway", "cmd/daero"},
		why: "zap is Caddy's logger; the core tells its events to whoever asks and logs nothing",
	},
	"github.com/prometheus/client_golang": {
		in:  []string{"gateway"},
		why: "the core counts in plain atomics; Prometheus is one way of reading them",
	},
	"charm.land/": {
		in:  []string{"console/top", "gateway"},
		why: "the terminal's screen; the command that shows it hands it a terminal",
	},
	"github.com/charmbracelet/x/ansi": {
		in:  []string{"console/top"},
		why: "how wide a text is on a terminal",
	},
	"github.com/coder/websocket": {
		in:  []string{"driver/alertfeed"},
		why: "one feed speaks WebSocket; who listens to none should not carry it",
	},
	"github.com/arran4/golang-ical": {
		in:  []string{"driver/calendar"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/teambition/rrule-go": {
		in:  []string{"driver/calendar"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/shirou/gopsutil/": {
		in:  []string{"driver/host"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"cel.dev/cel-go/": {
		in:  []string{"driver/jsonhttp"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/twmb/franz-go/": {
		in:  []string{"driver/kafka", "driver/kafkalag", "bench/relay"}, // which measures beside the plain client
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/nicholas-fedor/shoutrrr/": {
		in:  []string{"driver/notify"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/jackc/pgx/": {
		in:  []string{"driver/postgres"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/redis/rueidis": {
		in:  []string{"driver/valkey"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"modernc.org/": {
		in:  []string{"driver/sqlite"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/prometheus/client_golang/api": {
		in:  []string{"driver/prometheus"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/prometheus/common/": {
		in:  []string{"driver/prometheus"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"github.com/coreos/go-oidc/": {
		in:  []string{"driver/oidc"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"golang.org/x/oauth2": {
		in:  []string{"driver/oidc"},
		why: "a third-party client stands in the driver that is named after it",
	},
	"golang.org/x/term": {
		in:  []string{"gateway"},
		why: "passwords are typed into commands",
	},
	"golang.org/x/sys/unix": {
		in:  []string{"internal/pty"},
		why: "terminals for tests; what is served knows no system calls",
	},
	"golang.org/x/image/": {
		in:  []string{"captcha/mapquiz/city"},
		why: "maps are drawn in one place; everybody else asks for a picture",
	},
	"golang.org/x/crypto/argon2": {
		in:  []string{"api/token"},
		why: "one place hashes tokens and passwords",
	},
	"golang.org/x/text/unicode/norm": {
		in:  []string{"captcha/answer", "api/token"},
		why: "what people type is compared as they mean it where answers and where passwords are looked at",
	},
	"go.yaml.in/yaml/": {
		in:  []string{"playbook/playtest"},
		why: "tests of a playbook are written in YAML; nothing else is",
	},
	"github.com/maypok86/otter/": {
		in:  []string{"gateway"},
		why: "the cache of last good answers is the gateway's",
	},
	"github.com/pquerna/cachecontrol/": {
		in:  []string{"gateway"},
		why: "the cache of last good answers is the gateway's",
	},
	"github.com/HdrHistogram/": {
		in:  []string{"rehearse/live"},
		why: "only load in real time has so many samples that they must be kept in buckets",
	},
	"google.golang.org/": {
		in:  []string{"daerogrpc", "driver/grpctarget", "examples/grpc"},
		why: "gRPC is heavy, and only who speaks it should carry it",
	},
	"google.golang.org/protobuf/encoding/protowire": {
		in:  []string{"captcha/mapquiz/osm"},
		why: "the wire format of one file that operators bring, without generated code",
	},
	"github.com/spf13/": {
		in:  []string{"gateway"},
		why: "flags belong to commands, not to packages that others import",
	},
}
