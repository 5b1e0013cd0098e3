"""What `negmine lint` looks for in a file of triplets, whoever made it.

    files -> reading -> batches -> collecting -> spill -> query_rules, text_rules -> findings
                                              (by text)   one bucket at a time

Texts are hashed to 128 bits as they stream by; what has to be compared over rows is spilled in buckets, so
that memory is a batch and a bucket, whatever the file. See `rules.RULES` for what is found.
"""
