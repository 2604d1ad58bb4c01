package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/token"
)

// deliveries adds what waits to be sent to others, what was given up, and how this process fared
// with it, by kind.
func (m *meter) deliveries(queue *delivery.Queue, clock token.Clock) {
	for _, kind := range []delivery.Kind{delivery.Mail, delivery.Logout} {
		labels := prometheus.Labels{"kind": string(kind)}
		gauge := func(name, help string, read func(delivery.Stats) float64) {
			m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
				func() float64 { return read(queue.Stats(kind)) }))
		}
		counter := func(name, help string, read func(delivery.Stats) int64) {
			m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
				func() float64 { return float64(read(queue.Stats(kind))) }))
		}
		gauge("farthing_deliveries_waiting", "Messages that wait to be delivered, in the database of all replicas.", func(s delivery.Stats) float64 { return float64(s.Waiting) })
		gauge("farthing_deliveries_oldest_seconds", "How long the oldest of them has waited.", func(s delivery.Stats) float64 {
			if s.Waiting == 0 {
				return 0
			}
			return float64(clock.Now().UnixMilli()-s.Oldest) / 1000
		})
		gauge("farthing_deliveries_dead", "Messages that were given up and not dropped yet.", func(s delivery.Stats) float64 { return float64(s.Dead) })
		counter("farthing_deliveries_done_total", "Messages that their receiver took.", func(s delivery.Stats) int64 { return s.Sent })
		counter("farthing_delivery_attempts_failed_total", "Attempts to deliver that failed.", func(s delivery.Stats) int64 { return s.Failed })
		counter("farthing_deliveries_given_up_total", "Messages that were given up.", func(s delivery.Stats) int64 { return s.GivenUp })
	}
}

// mail adds the same about e-mail, by the names that it has had for longer.
func (m *meter) mail(p *post, queue *delivery.Queue) {
	if p.server == nil {
		return
	}
	stats := func() delivery.Stats { return queue.Stats(delivery.Mail) }
	m.counter("farthing_mail_sent_total", "E-mails that the mail server took.", func() float64 { return float64(stats().Sent) })
	m.counter("farthing_mail_failed_total", "Tries to send an e-mail that failed.", func() float64 { return float64(stats().Failed) })
	m.counter("farthing_mail_given_up_total", "E-mails that will not be sent.", func() float64 { return float64(stats().GivenUp) })
	m.gauge("farthing_mail_waiting", "E-mails that wait.", func() float64 { return float64(stats().Waiting) })
}
