"""What a publish would change, by resource and by meaning; the guards that hold it against its limits; its digest."""
