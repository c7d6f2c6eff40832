package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"

	"github.com/daero/daero/relay/verify"
)

var (
	_ = addRelay(relayVerifyCommand)
	_ = addRelay(relayVerifyChildCommand)
)

// errLost ends a run that shows that the relay does not keep its word.
var errLost = errors.New("the relay did not keep its word")

func relayVerifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify [--records N] [--kills K] [--seed S] [--kafka HOST:PORT,... | --config FILE]",
		Short: "Kills the relay again and again, and shows what is lost",
		Long: `
Writes records through an acceptor, a log, a relay and a target, each a process
of its own on this machine, and kills one after the other with kill -9 at moments
that the seed draws. Then it compares what was acknowledged with what arrived.
Without --kafka and --config the log is one in the program. Of a configuration
file it is the one of its relay block, with its certificates and passwords.
Brokers of a cluster are not killed; a topic is made there and deleted again.

Exit status: 0 nothing was lost, 1 something was or the run failed, 2 wrong use.`,
		Args: cobra.ArbitraryArgs, // counted below, for the exit status
	}
	f := c.Flags()
	f.Int("records", 20_000, "how many records are written")
	f.Int("kills", 40, "how many processes are killed")
	f.Uint64("seed", 1, "draws who is killed, and when")
	f.Bool("spool", false, "keep records on disk while the log is away")
	f.String("kafka", "", "brokers of a cluster, HOST:PORT, separated by commas")
	f.String("config", "", "a configuration file, whose cluster is used")
	f.String("output", "text", "text or json")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return finish(c, usageError{err.Error()}) })
	c.RunE = func(c *cobra.Command, args []string) error { return finish(c, runVerify(c, args)) }
	return c
}

func runVerify(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return wrongUse("relay verify: unexpected %q: write it like: daero %s", args[0], usageOf(c))
	}
	f := c.Flags()
	output, _ := f.GetString("output") // they are declared above
	kafka, _ := f.GetString("kafka")
	cfg := verify.Config{}
	cfg.Records, _ = f.GetInt("records")
	cfg.Kills, _ = f.GetInt("kills")
	cfg.Seed, _ = f.GetUint64("seed")
	cfg.Spool, _ = f.GetBool("spool")
	if output != "text" && output != "json" {
		return wrongUse("--output %s: unknown word%s", output, didYouMean(output, []string{"text", "json"}))
	}
	file, _ := f.GetString("config")
	switch {
	case kafka != "" && file != "":
		return wrongUse("--kafka and --config: give one of them")
	case kafka != "":
		cfg.Brokers = strings.Split(kafka, ",")
	case file != "":
		if err := clusterOf(file, &cfg); err != nil {
			return wrongUse("--config %s: %v", file, err)
		}
	}
	if cfg.Records < 1 {
		return wrongUse("--records %d: give a number from 1", cfg.Records)
	}
	if err := cfg.Validate(); err != nil {
		return usageError{err.Error()}
	}
	bar := barOn(c.ErrOrStderr())
	cfg.Progress = func(p verify.Progress) {
		bar("%d of %d records delivered, %d of %d kills", p.Delivered, p.Records, p.Kills, p.OfKills)
	}
	ctx, stop := signal.NotifyContext(contextOf(c), os.Interrupt, syscall.SIGTERM)
	defer stop()
	res, err := verify.Run(ctx, cfg)
	bar("")
	if err != nil {
		return err
	}
	if err := writeVerified(c.OutOrStdout(), res, output == "json"); err != nil {
		return err
	}
	if !res.OK {
		return errLost
	}
	return nil
}

// clusterOf fills in the cluster of a configuration file, nothing if its log is
// in the program.
func clusterOf(file string, cfg *verify.Config) error {
	raw, err := adapted(file, "")
	if err != nil {
		return err
	}
	var doc struct {
		Apps struct {
			Daero App `json:"daero"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return err
	}
	r := doc.Apps.Daero.Relay
	if r == nil {
		return errNoRelay
	}
	l := r.log()
	if len(l.Kafka) == 0 {
		return nil
	}
	m := &relayMaking{making: making{repl: caddy.NewReplacer()}, relayDraft: drawRelay(r)}
	if err := m.err(); err != nil {
		return err
	}
	client, err := m.kafka(&l)
	if err != nil {
		return err
	}
	cfg.Brokers, cfg.TLS, cfg.SASL = client.Brokers, client.TLS, client.SASL
	return nil
}

func writeVerified(w io.Writer, res verify.Result, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(res)
	}
	verdict := "nothing was lost"
	if !res.OK {
		verdict = "NOT as promised"
	}
	fmt.Fprintf(w, "%s: %d acknowledged, %d delivered, %d lost, %d out of order\n", verdict, res.Acked, res.Delivered, res.Lost, res.OrderViolations)
	field(w, "again", fmt.Sprintf("%d deliveries came a second time, with the same idempotency key; %d of them no kill explains", res.Duplicated, res.Unexplained))
	var killed []string
	for _, role := range []verify.Role{verify.Acceptor, verify.Relay, verify.Target, verify.Broker} {
		if n := res.Killed[role]; n > 0 {
			killed = append(killed, fmt.Sprintf("%s %d", role, n))
		}
	}
	field(w, "kills", fmt.Sprintf("%d (%s), seed %d", res.Kills, strings.Join(killed, ", "), res.Seed))
	field(w, "log", fmt.Sprintf("%s, %.0f s", res.Broker, res.Seconds))
	for _, finding := range res.Findings {
		field(w, "wrong", finding)
	}
	return nil
}

// relayVerifyChildCommand is what relay verify starts and kills.
func relayVerifyChildCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "verify-child",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE:               func(_ *cobra.Command, args []string) error { return verify.Child(args) },
	}
}
