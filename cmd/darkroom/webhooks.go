package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"darkroom"
	"darkroom/client"
)

func (p *program) webhooksCommand() *cobra.Command {
	command := &cobra.Command{Use: "webhooks", Short: "List webhooks, look at them, send them again, try an address", RunE: needsSubcommand}
	command.AddCommand(p.webhooksListCommand(), p.webhooksGetCommand(), p.webhooksRedeliverCommand(), p.webhooksTestCommand(),
		p.webhooksVerifyCommand())
	return command
}

func (p *program) webhooksListCommand() *cobra.Command {
	var where whereFlags
	var filter client.DeliveryParams
	var status string
	command := &cobra.Command{
		Use: "deliveries", Aliases: []string{"list"}, Short: "List the webhooks that were or will be sent, newest first", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			filter.Status = darkroom.DeliveryState(status)
			server, err := p.connectServer(command.Context(), &where)
			if err != nil {
				return err
			}
			if filter.JobID != "" {
				if filter.JobID, err = findJob(command.Context(), server, filter.JobID); err != nil {
					return err
				}
			}
			page, err := server.DeliveriesPage(command.Context(), filter)
			if err != nil {
				return err
			}
			return p.showDeliveries(page)
		},
	}
	where.add(command.Flags(), false)
	command.Flags().StringVar(&status, "status", "", "only webhooks in this `status`: pending, delivered or failed")
	command.Flags().StringVar(&filter.JobID, "job", "", "only that of the job with this `id`")
	command.Flags().IntVar(&filter.Limit, "limit", darkroom.DefaultListLimit, "`number` of webhooks, 1 to 100")
	command.Flags().StringVar(&filter.Cursor, "before", "", "only those that are older than the one with this `id`")
	return command
}

func (p *program) showDeliveries(page client.DeliveriesPage) error {
	if p.json {
		for _, delivery := range page.Deliveries {
			if err := p.emit(delivery); err != nil {
				return err
			}
		}
		return nil
	}
	if err := p.deliveryTable(page.Deliveries); err != nil {
		return err
	}
	if page.NextCursor != nil {
		p.whisper("more: --before %s", *page.NextCursor)
	}
	return nil
}

func (p *program) deliveryTable(deliveries []client.Delivery) error {
	var rows [][]string
	for _, d := range deliveries {
		rows = append(rows, []string{
			d.ID, string(d.Status), d.Event, d.JobID, strconv.Itoa(d.Attempts), timeText(d.NextAttemptAt), d.CreatedAt.Format(time.RFC3339), d.URL,
		})
	}
	return p.table([]string{"ID", "STATUS", "EVENT", "JOB", "ATTEMPTS", "NEXT", "CREATED", "URL"}, rows)
}

// onDelivery makes the body of a command that takes the id of a webhook.
func (p *program) onDelivery(where *whereFlags, body func(ctx context.Context, server *target, id string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("name one webhook: the id that `darkroom webhooks deliveries` shows, or webhook-id in the request")
		}
		server, err := p.connectServer(command.Context(), where)
		if err != nil {
			return err
		}
		return body(command.Context(), server, strings.TrimSpace(args[0]))
	}
}

func (p *program) webhooksGetCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{Use: "get ID", Short: "Show a webhook: what was sent and answered in each attempt"}
	command.RunE = p.onDelivery(&where, func(ctx context.Context, server *target, id string) error {
		log, err := server.Delivery(ctx, id)
		if err != nil {
			return err
		}
		if p.json {
			return p.emit(log)
		}
		return p.showDelivery(log)
	})
	where.add(command.Flags(), false)
	return command
}

func (p *program) webhooksRedeliverCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "redeliver ID", Short: "Send a webhook again, with the same id and the same bytes",
		Long: `Send a webhook again, with the same id and the same bytes, also when it was
delivered. The schedule of attempts begins anew.`,
	}
	command.RunE = p.onDelivery(&where, func(ctx context.Context, server *target, id string) error {
		delivery, err := server.Redeliver(ctx, id)
		if err != nil {
			return err
		}
		if p.json {
			return p.emit(delivery)
		}
		_, err = fmt.Fprintf(p.stdout, "%s %s\n", delivery.Status, delivery.ID)
		p.whisper("next: darkroom webhooks get %s", delivery.ID)
		return err
	})
	where.add(command.Flags(), false)
	return command
}

func (p *program) webhooksTestCommand() *cobra.Command {
	var where whereFlags
	command := &cobra.Command{
		Use: "test URL", Short: "Have a signed test event sent to an address", Args: cobra.ExactArgs(1),
		Long: `Have a signed test event sent to an address by the server, once, and show what
was answered. The address must be one that the server may reach. For one of this
machine that the server cannot reach there is "darkroom listen".`,
		RunE: func(command *cobra.Command, args []string) error {
			server, err := p.connectServer(command.Context(), &where)
			if err != nil {
				return err
			}
			test, err := server.TestWebhook(command.Context(), args[0])
			if err != nil {
				return err
			}
			if err := p.showTest(test); err != nil || test.Delivered {
				return err
			}
			return quietly(exitUnexpected, "not_delivered")
		},
	}
	where.add(command.Flags(), false)
	return command
}

func (p *program) showTest(test client.WebhookTest) error {
	if p.json {
		return p.emit(test)
	}
	_, err := fmt.Fprintln(p.stdout, attemptText(test.AttemptAnswer))
	return err
}

// showDelivery writes what the receiver said without what a terminal would
// obey.
func (p *program) showDelivery(log client.DeliveryLog) error {
	table := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	for _, row := range [][2]string{
		{"id", log.ID},
		{"job", log.JobID},
		{"event", log.Event},
		{"url", log.URL},
		{"status", string(log.Status)},
		{"created", log.CreatedAt.Format(time.RFC3339)},
		{"next attempt", timeText(log.NextAttemptAt)},
		{"body", log.Body},
	} {
		if row[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
		}
	}
	for _, attempt := range log.Log {
		fmt.Fprintf(table, "attempt %d\t%s  %s\n", attempt.Attempt, attempt.StartedAt.Format(time.RFC3339), attemptText(attempt))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return nil
}

func attemptText(attempt darkroom.AttemptAnswer) string {
	sent := forwarded{took: time.Duration(attempt.DurationMS) * time.Millisecond}
	if attempt.HTTPStatus != nil {
		sent.status = *attempt.HTTPStatus
	}
	if attempt.ResponseBody != nil {
		sent.body = *attempt.ResponseBody
	}
	if attempt.Error != nil {
		sent.problem = string(attempt.ErrorCode) + ": " + *attempt.Error
	}
	return fmt.Sprintf("%s  %v", sent.text(), sent.took)
}
