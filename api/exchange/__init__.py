"""Exchanges: one caller's request, served by one or several generations, cancelled as one."""
