"""From text to hypotheses: cleaning, entities, encoder, heads, packs, training, evaluation. Knows no Kafka."""
