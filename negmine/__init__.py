"""negmine mines hard negatives that are hard and really negative."""
